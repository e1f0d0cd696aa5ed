import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import {
  ConfigurationError,
  DeadlineExceededError,
  detached,
  ResilientPool,
  runWithDeadline,
} from '../../../lib/index.js';
import { startPostgres } from '../../../lib/testing/index.js';
import { eventually } from '../compat/eventually.js';
import { failureOf } from '../compat/failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../compat/test-database.js';
import { timed } from './timed.js';

const deadlineMs = 300;
/** Fourfold: the answer is due 100 ms after the deadline. */
const lateMs = deadlineMs + 400;

describe('runWithDeadline', () => {
  let database: TestDatabase;
  let pool: ResilientPool;

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 2, cancelGraceMs: 500 });
    await pool.query('create table written (id int)');
    // A COMMIT that takes 1.5 s: what is deferred is checked then.
    await pool.query(`
      create function slow_check() returns trigger language plpgsql as 'begin perform pg_sleep(1.5); return null; end';
      create table slowly_committed (id int);
      create constraint trigger slow_check after insert on slowly_committed
        deferrable initially deferred for each row execute function slow_check()`);
  });

  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  const rowsOf = async (id: number) => (await pool.query('select from written where id = $1', [id])).rowCount;

  describe('what is under way when it passes', () => {
    it('a statement is cancelled on the server, and its caller told that it was undone', async () => {
      const { ms, error } = await timed(() =>
        runWithDeadline(deadlineMs, () => pool.query('insert into written select 1 from pg_sleep(5)')),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(error).to.include({ code: 'DB_DEADLINE_EXCEEDED', outcome: 'rolled-back', deadlineMs });
      expect(error?.message).to.match(/cancelled on the server and undone\) before the deadline of 300 ms$/);
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      await eventually(async () => expect(await database.busyBackends()).to.deep.equal([]), 500);
      expect(await rowsOf(1)).to.equal(0);
      expect(pool.totalCount, 'the connection is used again').to.be.greaterThan(0);
    });

    it('several statements share the one deadline', async () => {
      const { ms, error } = await timed(() =>
        runWithDeadline(deadlineMs, async () => {
          for (let i = 0; i < 100; i++) await pool.query('select pg_sleep(0.05)');
        }),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
    });

    it('however deep it was begun', async () => {
      const deep = async (depth: number): Promise<unknown> => {
        await sleep(1);
        return depth === 0 ? pool.query('select pg_sleep(5)') : deep(depth - 1);
      };
      const { ms, error } = await timed(() => runWithDeadline(deadlineMs, () => Promise.all([deep(3), deep(20)])));
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
    });

    it("a wait for a connection ends with the pool's numbers, and nothing is sent", async () => {
      const clients = [await pool.connect(), await pool.connect()];
      const { ms, error } = await timed(() => runWithDeadline(deadlineMs, () => pool.query('select 1')));
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(error).to.include({ outcome: 'not-executed', retryable: true });
      expect(error?.message).to.match(
        /^Pool "primary": no connection \(total=2\/2, active=2, idle=0, connecting=0, waiting=1\) before the deadline of 300 ms$/,
      );
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      const checkout = await timed(() => runWithDeadline(deadlineMs, () => pool.connect()));
      expect(checkout.error).to.be.instanceOf(DeadlineExceededError);
      for (const client of clients) client.release();
    });

    it('a COMMIT is not cancelled: its caller is told that its outcome is unknown, and it takes place', async () => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query('insert into slowly_committed values (1)');
      const { ms, error } = await timed(() => runWithDeadline(deadlineMs, () => client.query('commit')));
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(error).to.include({ outcome: 'unknown' });
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      client.release(true);
      await eventually(async () => {
        expect((await pool.query('select from slowly_committed')).rowCount).to.equal(1);
      });
    });

    it('a cursor fails its reader, and its connection is none the worse or closed', async () => {
      const client = await pool.connect();
      const { ms, error } = await timed(() =>
        runWithDeadline(deadlineMs, async () => {
          const cursor = client.query(new Cursor('select n, pg_sleep(0.02) from generate_series(1, 1000) n'));
          for (;;) await cursor.read(10);
        }),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      client.release();
      await pool.query('select 1');
    });

    it('a suspended cursor, which ignores a cancel, is ended all the same', async () => {
      const client = await pool.connect();
      const { error } = await timed(() =>
        runWithDeadline(deadlineMs, async () => {
          const cursor = client.query(new Cursor('select n from generate_series(1, 100000) n'));
          await cursor.read(10);
          await sleep(deadlineMs + 200);
          await cursor.read(10);
        }),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      client.release();
      await pool.query('select 1');
    });

    it('a stream fails with it', async () => {
      const client = await pool.connect();
      const { ms, error } = await timed(() =>
        runWithDeadline(deadlineMs, async () => {
          const stream = client.query(new QueryStream('select n, pg_sleep(0.02) from generate_series(1, 1000) n'));
          for await (const row of stream) expect(row).to.have.property('n');
        }),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      client.release();
    });

    it('what the work does beyond the database is not waited for', async () => {
      const { ms, error } = await timed(() => runWithDeadline(deadlineMs, () => sleep(5000)));
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(error).to.include({ outcome: 'unknown' });
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
    });
  });

  describe('once it has passed', () => {
    const late = (work: () => Promise<unknown>) =>
      timed(() =>
        runWithDeadline(50, async () => {
          await sleep(60);
          await work();
        }),
      );

    it('nothing is begun', async () => {
      const { error } = await late(() => pool.query('insert into written values (2)'));
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(error).to.include({ outcome: 'not-executed' });
      expect((await late(() => pool.connect())).error).to.include({ outcome: 'not-executed' });
      expect(await rowsOf(2)).to.equal(0);
    });

    it('a ROLLBACK is sent, and the connection is used again', async () => {
      const client = await pool.connect();
      const [{ pid } = { pid: 0 }] = (await client.query<{ pid: number }>('select pg_backend_pid() pid')).rows;
      const { error, ms } = await timed(() =>
        runWithDeadline(deadlineMs, async () => {
          await client.query('begin');
          try {
            await client.query('insert into written select 3 from pg_sleep(5)');
          } catch (failure) {
            await client.query('rollback');
            throw failure;
          }
        }),
      );
      expect(error).to.include({ outcome: 'rolled-back' });
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      client.release();
      expect(await database.backends()).to.include(pid);
      expect(await rowsOf(3)).to.equal(0);
    });

    it('a client to whom any other statement was refused is closed, and with it what was not cleaned up', async () => {
      const client = await pool.connect();
      await runWithDeadline(50, async () => {
        await client.query('select pg_advisory_lock(4711)');
        await sleep(60);
        expect(await failureOf(client.query('select pg_advisory_unlock(4711)'))).to.be.instanceOf(
          DeadlineExceededError,
        );
      });
      client.release();
      await eventually(async () => {
        const { rows } = await pool.query(`select from pg_locks where locktype = 'advisory' and objid = 4711`);
        expect(rows).to.have.lengthOf(0);
      });
    });
  });

  describe('on a server that stands still', () => {
    it('no answer waits for the second of grace that ROLLBACK has, and no transaction is left', async () => {
      await using server = await startPostgres();
      const frozen = new ResilientPool({ connectionString: server.connectionString, max: 1, cancelGraceMs: 500 });
      const client = await frozen.connect();
      const told: unknown[] = [];
      const { error, ms } = await timed(() =>
        runWithDeadline(deadlineMs, async () => {
          await client.query('begin');
          await client.query('create table never (id int)');
          await server.freeze();
          try {
            await client.query('select pg_sleep(5)');
          } catch (failure) {
            told.push(failure);
            await client.query('rollback').catch((second: unknown) => told.push(second));
            client.release();
            throw failure;
          }
        }),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      expect(ms).to.be.within(deadlineMs - 2, lateMs);
      for (const one of told) expect(one).to.be.instanceOf(DeadlineExceededError);
      await eventually(() => expect(frozen.totalCount).to.equal(0));
      await server.resume();
      expect(await server.query(`select to_regclass('never') as never`)).to.deep.equal([{ never: null }]);
      await frozen.end();
    });
  });

  describe('binds', () => {
    it('nothing that begins once its work has settled', async () => {
      let later: Promise<unknown> | undefined;
      await runWithDeadline(50, async () => {
        await pool.query('select 1');
        later = sleep(30).then(() => pool.query('select pg_sleep(0.2)'));
      });
      await later;
    });

    it('what began before its work had settled', async () => {
      let begun: Promise<unknown> | undefined;
      await runWithDeadline(50, async () => {
        begun = failureOf(pool.query('select pg_sleep(5)'));
        await pool.query('select 1');
      });
      expect(await begun).to.be.instanceOf(DeadlineExceededError);
    });

    it('nothing that is detached', async () => {
      await runWithDeadline(50, () =>
        detached(() => pool.query('select pg_sleep(0.2)')).catch(() => expect.fail()),
      ).catch((error: unknown) => expect(error).to.be.instanceOf(DeadlineExceededError));
      const { value } = await timed(() =>
        detached(() => runWithDeadline(5000, () => detached(() => pool.query('select 1')))),
      );
      expect((value as pg.QueryResult).rowCount).to.equal(1);
    });

    it('within another, by the earlier of the two', async () => {
      const inner = await timed(() =>
        runWithDeadline(5000, () => runWithDeadline(deadlineMs, () => pool.query('select pg_sleep(5)'))),
      );
      expect(inner.error).to.include({ deadlineMs });
      expect(inner.ms).to.be.within(deadlineMs - 2, lateMs);
      const outer = await timed(() =>
        runWithDeadline(deadlineMs, () => runWithDeadline(5000, () => pool.query('select pg_sleep(5)'))),
      );
      expect(outer.error).to.include({ deadlineMs });
      expect(outer.ms).to.be.within(deadlineMs - 2, lateMs);
    });

    it('within another, whose deadline is over, by its own alone', async () => {
      let later: Promise<unknown> | undefined;
      await runWithDeadline(50, async () => {
        later = detachedLater(() => runWithDeadline(2000, () => pool.query('select pg_sleep(0.1)')), 80);
        return Promise.resolve();
      });
      await later;
    });

    it('no client that LISTENs, and none that is checked out for long', async () => {
      const [listener, longLived] = [await pool.connect(), await pool.connect({ longLived: true })];
      await runWithDeadline(50, async () => {
        await listener.query('listen news');
        await sleep(60);
        await listener.query('select 1');
        await longLived.query('select pg_sleep(0.1)');
      }).catch((error: unknown) => expect(error).to.be.instanceOf(DeadlineExceededError));
      await listener.query('unlisten *');
      listener.release();
      longLived.release();
      // Lent again, they are as any other.
      const client = await pool.connect();
      const { error } = await timed(() => runWithDeadline(50, () => client.query('select pg_sleep(5)')));
      expect(error).to.be.instanceOf(DeadlineExceededError);
      client.release();
    });

    it("the statement's own time-out where that is shorter", async () => {
      const error = await failureOf(
        runWithDeadline(5000, () => pool.query({ text: 'select pg_sleep(5)', query_timeout: 100 })),
      );
      expect(error).to.include({ code: 'DB_QUERY_TIMEOUT', timeoutMs: 100 });
    });
  });

  describe('gives', () => {
    it('what the work gives, at once or later, and what it throws', async () => {
      expect(await runWithDeadline(1000, () => 7)).to.equal(7);
      expect(await runWithDeadline(1000, () => Promise.resolve('late'))).to.equal('late');
      expect(await failureOf(runWithDeadline(1000, () => Promise.reject(new Error('own'))))).to.have.property(
        'message',
        'own',
      );
      const thrown = () => {
        throw new Error('thrown');
      };
      expect(await failureOf(runWithDeadline(1000, thrown))).to.have.property('message', 'thrown');
    });

    it('a ConfigurationError for nonsense', async () => {
      for (const ms of [0, -1, NaN, Infinity, 2 ** 31, '100', undefined, null]) {
        const error = await failureOf(runWithDeadline(ms as number, () => 1));
        expect(error).to.be.instanceOf(ConfigurationError);
        expect(error.message).to.match(/^ms: received .*; accepted is a number of milliseconds from 1 to 2147483647$/);
      }
      const error = await failureOf(runWithDeadline(100, 'select 1' as never));
      expect(error.message).to.equal('fn: received string; accepted is a function');
    });
  });
});

function detachedLater(work: () => Promise<unknown>, ms: number): Promise<unknown> {
  return sleep(ms).then(work);
}
