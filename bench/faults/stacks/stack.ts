import type { ErrorRequestHandler, Express, Request } from 'express';
import type pg from 'pg';
import type { CircuitWatch } from '../app/circuit-watch.js';

/** What the example application needs of the way in which it reaches its database. */
export interface Stack {
  readonly pool: pg.Pool;
  /** Where its circuit can be looked at. */
  readonly watch?: CircuitWatch;
  /** Mounts what stands before the routes. */
  install?(app: Express): void;
  /** Where a route gets its database from. */
  db(req: Request): pg.Pool;
  /** Runs what a route does with its database. Only what reads may be done again. */
  protect<T>(work: () => Promise<T>, kind: 'reads' | 'writes'): Promise<T>;
  readonly errorHandler: ErrorRequestHandler;
}

/** @param connectionString of the database, with the faults in between. */
export type MakeStack = (connectionString: string) => Stack;
