import express5 from 'express';
import express4 from 'express4';
import { asyncRoute } from '../../../lib/index.js';

interface Version {
  readonly name: string;
  readonly express: typeof express5;
  /** How an async route is written: as it is in Express 5, wrapped in Express 4. */
  readonly route: typeof asyncRoute;
}

export const versions: readonly Version[] = [
  { name: 'Express 5', express: express5, route: (handler) => handler },
  { name: 'Express 4', express: express4, route: asyncRoute },
];
