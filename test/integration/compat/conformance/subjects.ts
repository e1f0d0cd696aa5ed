import { createRequire } from 'node:module';
import pg from 'pg';
import pgMin from 'pg-min';
import { ResilientPool } from '../../../../lib/index.js';

/** What both kinds of pool take. */
export type SharedOptions = Omit<pg.PoolConfig, 'Promise' | 'pipeline' | 'onConnect'> & {
  /** Both await it; the types of pg do not say so. */
  onConnect?: (client: pg.ClientBase) => void | Promise<void>;
};

/** A pool that the conformance tests run against. */
export interface Subject {
  readonly name: string;
  /** False: the original, as a control of what the tests say of it. */
  readonly resilient: boolean;
  /** False: with the oldest pg that is supported. */
  readonly newest: boolean;
  readonly pg: typeof pg;
  create(options?: SharedOptions): pg.Pool;
}

const require = createRequire(import.meta.url);

// The oldest pg that is supported is for `npm run test:long`.
const tested = process.env.TEST_PG === 'least' ? pgMin : pg;

export const subjects: readonly Subject[] = [tested].flatMap((driver) => {
  const newest = driver === pg;
  const { version } = require(newest ? 'pg/package.json' : 'pg-min/package.json') as { version: string };
  return [
    {
      name: `pg.Pool of pg ${version}`,
      resilient: false,
      newest,
      pg: driver,
      create: (options) => new driver.Pool(options),
    },
    {
      name: `ResilientPool with the Client of pg ${version}`,
      resilient: true,
      newest,
      pg: driver,
      create: (options) => new ResilientPool(newest ? options : { Client: driver.Client, ...options }),
    },
  ] satisfies Subject[];
});

/** Without the older original, for tests that take their time. */
export const mainSubjects = subjects.filter((subject) => subject.resilient || subject.newest);
