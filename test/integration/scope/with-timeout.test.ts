import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ResilientPool, withTimeout } from '../../../lib/index.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../compat/test-database.js';
import { timed } from './timed.js';

describe('the wait for a connection of a ResilientPool', () => {
  const timeoutMs = 200;
  const heldMs = 500;
  let database: TestDatabase;
  let pool: ResilientPool;

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 1 });
  });

  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  for (const [what, bounded] of [
    ['withTimeout', () => withTimeout(pool, timeoutMs)],
    ['withOptions({ timeoutMs })', () => pool.withOptions({ timeoutMs })],
  ] as const) {
    it(`is no part of the time of ${what}, which the statement has for itself`, async () => {
      const client = await pool.connect();
      const waiting = timed(() => bounded().query('select pg_sleep(0.05)'));
      await sleep(heldMs);
      client.release();
      const { error, ms } = await waiting;
      expect(error).to.equal(undefined);
      expect(ms).to.be.at.least(heldMs);
      expect((await timed(() => bounded().query('select pg_sleep(5)'))).error).to.include({
        code: 'DB_QUERY_TIMEOUT',
        timeoutMs,
      });
    });
  }
});
