import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { AcquireTimeoutError, QueryTimeoutError, ResilientPool } from '../../../../lib/index.js';
import { failureOf } from '../failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../test-database.js';
import { mainSubjects, type SharedOptions } from './subjects.js';

for (const subject of mainSubjects) {
  const ours = subject.resilient;

  describe(`time-outs: ${subject.name}`, () => {
    let database: TestDatabase;
    const pools: pg.Pool[] = [];

    before(async () => {
      database = await testDatabase();
    });

    afterEach(async () => {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
    });

    function create(options: SharedOptions) {
      const pool = subject.create({ connectionString: database.connectionString, min: 0, ...options });
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    }

    describe('waiting for a connection', () => {
      it(`ends after connectionTimeoutMillis with ${ours ? 'an AcquireTimeoutError that tells the numbers' : 'an Error'}`, async () => {
        const pool = create({ max: 1, connectionTimeoutMillis: 150 });
        const client = await pool.connect();
        for (const failure of [await failureOf(pool.connect()), await failureOf(pool.query('select 1'))]) {
          if (ours) {
            expect(failure).to.be.instanceOf(AcquireTimeoutError);
            expect(failure.counts).to.include({ total: 1, active: 1, idle: 0, max: 1 });
          } else {
            expect(failure.message).to.equal('timeout exceeded when trying to connect');
          }
        }
        client.release();
        expect((await pool.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
        await expectNothingCheckedOut(pool, database);
      });

      it(`${ours ? 'counts opening a connection and waiting for one as one wait' : 'measures opening a connection and waiting for one each on its own'}`, async () => {
        const pool = create({
          max: 1,
          connectionTimeoutMillis: 300,
          onConnect: () => sleep(600),
        });
        // pg.Pool's clock stops when the server has accepted the connection; onConnect comes after that.
        const outcome = await pool.connect().then(
          (client) => client.release(),
          (error: unknown) => error,
        );
        if (ours) expect(outcome).to.be.instanceOf(AcquireTimeoutError);
        else expect(outcome).to.equal(undefined);
      });
    });

    describe('a statement that takes longer than its time-out', () => {
      it(`ends by ${ours ? 'QueryTimeoutError and runs no longer' : "'Query read timeout' and runs on"}`, async () => {
        const pool = create({ max: 1, query_timeout: 200 });
        const failure = await failureOf(pool.query('select pg_sleep(3)'));
        if (ours) {
          expect(failure).to.be.instanceOf(QueryTimeoutError);
          expect(failure).to.include({ code: 'DB_QUERY_TIMEOUT', outcome: 'rolled-back' });
        } else {
          expect(failure.message).to.equal('Query read timeout');
        }
        expect(await database.busyBackends()).to.have.lengthOf(ours ? 0 : 1);
        if (!ours) {
          for (const { pid } of await database.busyBackends()) await database.terminate(pid);
        }
      });

      it(`has that of its own config object, ${ours ? 'which cancels it' : 'which leaves it running'}`, async () => {
        const pool = create({ max: 1 });
        const config = { text: 'select pg_sleep(3)', query_timeout: 200 };
        const failure = await failureOf(pool.query(config));
        expect(failure.message).to.include(ours ? '200 ms' : 'Query read timeout');
        expect(await database.busyBackends()).to.have.lengthOf(ours ? 0 : 1);
        if (!ours) {
          for (const { pid } of await database.busyBackends()) await database.terminate(pid);
        }
      });

      it(`${ours ? 'leaves' : 'spoils'} the client for the next statement`, async () => {
        const pool = create({ max: 1, query_timeout: 300 });
        const client = await pool.connect();
        await failureOf(client.query('select pg_sleep(3)'));
        client.release();
        const outcome = await pool.query<{ n: number }>('select 1 as n').then(
          ({ rows }) => rows,
          (error: unknown) => (error as Error).message,
        );
        if (ours) expect(outcome).to.deep.equal([{ n: 1 }]);
        else expect(outcome).to.equal('Query read timeout');
      });

      it(`${ours ? 'does not end' : 'ends'} a Query object, which its user holds`, async () => {
        const pool = create({ max: 1, query_timeout: 200 });
        const client = await pool.connect();
        const error = await new Promise<Error | null | undefined>((resolve) => {
          client.query(new subject.pg.Query('select pg_sleep(0.5)', (failure) => resolve(failure)));
        });
        if (ours) expect(error).to.equal(null);
        else expect(error?.message).to.equal('Query read timeout');
        client.release(true);
      });
    });
  });
}

describe('time-outs: none given', () => {
  let database: TestDatabase;

  before(async () => {
    database = await testDatabase();
  });

  it('is cancelled by ResilientPool after queryTimeoutMs, and by pg.Pool never', async () => {
    const pool = new ResilientPool({ connectionString: database.connectionString, queryTimeoutMs: 200, min: 0 });
    expect(await failureOf(pool.query('select pg_sleep(3)'))).to.include({ outcome: 'rolled-back' });
    await expectNothingCheckedOut(pool, database);
    await pool.end();
    const native = new pg.Pool({ connectionString: database.connectionString });
    expect((await native.query<{ n: number }>('select 1 as n, pg_sleep(0.5)')).rows[0]?.n).to.equal(1);
    await native.end();
  });
});
