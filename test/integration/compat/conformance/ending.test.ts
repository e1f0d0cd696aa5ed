import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ResilientPool, ShuttingDownError } from '../../../../lib/index.js';
import { failureOf } from '../failure-of.js';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { expectSettled } from './expect-settled.js';
import { mainSubjects } from './subjects.js';

for (const subject of mainSubjects) {
  const ours = subject.resilient;

  describe(`end: ${subject.name}`, () => {
    let database: TestDatabase;

    before(async () => {
      database = await testDatabase();
    });

    function create(max = 2) {
      return subject.create({ connectionString: database.connectionString, max, min: 0 });
    }

    it('ends a pool that was never used', async () => {
      const pool = create();
      expect([pool.ending, pool.ended]).to.deep.equal([false, false]);
      const ended = pool.end();
      expect(pool.ending).to.equal(true);
      await ended;
      expect(pool.ended).to.equal(true);
    });

    it('calls back with nothing', async () => {
      const pool = create();
      await pool.query('select 1');
      const error = await new Promise((resolve) => {
        const returned: unknown = pool.end((received?: unknown) => resolve(received));
        expect(returned).to.equal(undefined);
      });
      expect(error).to.equal(undefined);
    });

    it(`resolves ${ours ? 'when' : 'before'} its connections have closed`, async () => {
      const pool = create();
      const removed: unknown[] = [];
      pool.on('remove', (client) => removed.push(client));
      (await pool.connect()).release();
      await pool.end();
      expect(removed).to.have.lengthOf(ours ? 1 : 0);
      if (!ours) await sleep(50);
      expect(removed).to.have.lengthOf(1);
    });

    it('waits for clients that are lent, whose statements still run', async () => {
      const pool = create();
      const client = await pool.connect();
      const ended = pool.end();
      await expectSettled(ended, false);
      expect((await client.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
      client.release();
      await ended;
    });

    it('lets a statement of its own finish that is under way', async () => {
      const pool = create();
      (await pool.connect()).release();
      const running = pool.query<{ n: number }>('select 1 as n, pg_sleep(0.1)');
      await sleep(20);
      const ended = pool.end();
      expect((await running).rows[0]?.n).to.equal(1);
      await ended;
    });

    it(`${ours ? 'refuses' : 'serves'} a call for which a connection is still being opened`, async () => {
      const pool = create();
      const running = pool.query<{ n: number }>('select 1 as n').then(
        () => 'served',
        (error: unknown) => error,
      );
      await pool.end();
      const outcome = await running;
      if (ours) expect(outcome).to.be.instanceOf(ShuttingDownError);
      else expect(outcome).to.equal('served');
    });

    it(`${ours ? 'refuses' : 'never answers'} calls that wait for a connection`, async () => {
      const pool = create(1);
      const client = await pool.connect();
      const waiting = pool.query('select 1').catch((error: unknown) => error);
      const ended = pool.end();
      client.release();
      await ended;
      await expectSettled(waiting, ours);
      if (ours) expect(await waiting).to.be.instanceOf(ShuttingDownError);
    });

    it('refuses what comes later', async () => {
      const pool = create();
      await pool.end();
      const failures = [
        await failureOf(pool.query('select 1')),
        await failureOf(pool.connect()),
        await new Promise<Error | undefined>((resolve) => pool.connect((error) => resolve(error))),
        await new Promise<Error | undefined>((resolve) => pool.query('select 1', (error) => resolve(error))),
      ];
      for (const failure of failures) {
        expect(failure?.message).to.include('Cannot use a pool after calling end on the pool');
        expect((failure as { code?: string }).code).to.equal(ours ? 'DB_SHUTTING_DOWN' : undefined);
      }
    });

    it(`${ours ? 'may be called twice' : 'refuses to be called twice'}`, async () => {
      const pool = create();
      await pool.query('select 1');
      const first = pool.end();
      const second = pool.end();
      if (ours) {
        await second;
        expect(pool.ended).to.equal(true);
      } else {
        expect((await failureOf(second)).message).to.equal('Called end on pool more than once');
      }
      await first;
      const error = await new Promise((resolve) => pool.end((received?: unknown) => resolve(received)));
      if (ours) expect(error).to.equal(undefined);
      else expect(error).to.be.instanceOf(Error);
    });
  });
}

describe('end: a client that never comes back', () => {
  let database: TestDatabase;

  before(async () => {
    database = await testDatabase();
  });

  it('is waited for by pg.Pool for ever, by ResilientPool for drainTimeoutMs', async () => {
    const options = { connectionString: database.connectionString, max: 1, min: 0 };
    const native = mainSubjects[0]?.create(options);
    const nativeClient = await native?.connect();
    await expectSettled(native?.end() ?? Promise.resolve(), false);
    nativeClient?.release();

    const pool = new ResilientPool({ ...options, drainTimeoutMs: 200 });
    const client = await pool.connect();
    const running = failureOf(client.query('select pg_sleep(20)'));
    await expectSettled(pool.end(), true);
    expect(await running).to.include({ code: 'DB_CONNECTION_LOST' });
    client.release();
    expect(await database.busyBackends()).to.deep.equal([]);
  });
});
