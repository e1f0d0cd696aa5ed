import { expect } from 'chai';
import pg from 'pg';
import { ConfigurationError, QueryTimeoutError, ResilientPool, withTimeout } from '../../../lib/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';

describe('withTimeout', () => {
  const application_name = 'with-timeout';
  let server: PostgresServer;

  before(async () => {
    server = await sharedPostgres();
  });

  const active = async () =>
    (
      await server.query(`select 1 from pg_stat_activity where application_name = $1 and state <> 'idle'`, [
        application_name,
      ])
    ).length;
  const config = () => ({ connectionString: server.connectionString, application_name });
  const expectCancelled = async (promise: Promise<unknown>) => {
    const { error, ms } = await settled(promise, 4000);
    expect(error).to.be.instanceOf(QueryTimeoutError);
    expect(error?.outcome).to.equal('rolled-back');
    expect(ms).to.be.at.least(95);
    await eventually(async () => (await active()) === 0, 2000, 'nothing runs on the server');
  };

  it('bounds a promise', async () => {
    expect(await withTimeout(Promise.resolve(1), 100)).to.equal(1);
    const { error } = await settled(withTimeout(new Promise(() => undefined), 20), 1000);
    expect(error).to.be.instanceOf(QueryTimeoutError);
    expect(error?.outcome).to.equal('unknown');
  });

  it('passes on the rejection of what it waits for, and none that comes too late', async () => {
    const { error } = await settled(withTimeout(Promise.reject(new Error('own')), 100), 1000);
    expect(error?.message).to.equal('own');
    const late = new Promise((_resolve, reject) => setTimeout(() => reject(new Error('late')), 40));
    await settled(withTimeout(late, 10), 1000);
    await new Promise((resolve) => setTimeout(resolve, 60));
  });

  it('aborts the signal of a function, with the error as its reason', async () => {
    let signal: AbortSignal | undefined;
    const { error } = await settled(
      withTimeout((given) => {
        signal = given;
        return new Promise(() => undefined);
      }, 20),
      1000,
    );
    expect(signal?.aborted).to.equal(true);
    expect(signal?.reason).to.equal(error);
    let calm: AbortSignal | undefined;
    await withTimeout(async (given) => void (calm = given), 20);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(calm?.aborted).to.equal(false);
  });

  it('passes on what a function throws', async () => {
    const { error } = await settled(
      withTimeout(() => {
        throw new Error('own');
      }, 100),
      1000,
    );
    expect(error?.message).to.equal('own');
  });

  it('cancels on the server what it times on a ResilientPool, whose connection lives on', async () => {
    const pool = new ResilientPool({ ...config(), min: 0, max: 1 });
    const timed = withTimeout(pool, 300);
    expect((await timed.query('select $1::int as n', [7])).rows).to.deep.equal([{ n: 7 }]);
    expect((await timed.query({ text: 'select $1::int as n', values: [8] })).rows).to.deep.equal([{ n: 8 }]);
    await expectCancelled(timed.query('select pg_sleep(30)'));
    expect(pool.totalCount).to.equal(1);
    await pool.end();
  });

  it('cancels on the server what it times on a bare pg.Pool, and gives the client back clean', async () => {
    const pool = new pg.Pool({ ...config(), max: 1 });
    await pool.query('select 1');
    const timed = withTimeout(pool, 300);
    expect((await timed.query('select $1::int as n', [7])).rows).to.deep.equal([{ n: 7 }]);
    await expectCancelled(timed.query('select pg_sleep(30)'));
    await eventually(() => pool.idleCount === 1, 2000, 'the client is back');
    expect((await timed.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    const { error } = await settled(timed.query('select 1/0'), 1000);
    expect(error?.code).to.equal('22012');
    expect((await timed.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await pool.end();
  });

  it('on a bare pg.Pool that is exhausted: not executed, and the late client goes back', async () => {
    const pool = new pg.Pool({ ...config(), max: 1 });
    const borrowed = await pool.connect();
    const { error } = await settled(withTimeout(pool, 100).query('select 1'), 1000);
    expect(error).to.be.instanceOf(QueryTimeoutError);
    expect(error?.outcome).to.equal('not-executed');
    borrowed.release();
    await eventually(() => pool.idleCount === 1 && pool.waitingCount === 0, 2000, 'the late client is back');
    await pool.end();
  });

  it('cancels on the server what it times on a pg.Client', async () => {
    const client = new pg.Client(config());
    await client.connect();
    await expectCancelled(withTimeout(client, 300).query('select pg_sleep(30)'));
    expect((await client.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await client.end();
  });

  it('only ends the waiting for any other query', async () => {
    const foreign = {
      query: (text: string) => (text === 'fast' ? Promise.resolve(1) : new Promise<number>(() => undefined)),
    };
    expect(await withTimeout(foreign, 50).query('fast')).to.equal(1);
    const { error } = await settled(withTimeout(foreign, 20).query('slow'), 1000);
    expect(error).to.be.instanceOf(QueryTimeoutError);
    expect(error?.outcome).to.equal('unknown');
  });

  it('refuses what is no time and no work', () => {
    for (const ms of [0, -1, NaN, Infinity, 2 ** 31, '100', null, undefined]) {
      expect(() => withTimeout({ query: () => Promise.resolve() }, ms as never)).to.throw(
        ConfigurationError,
        'timeoutMs',
      );
    }
    for (const work of [null, undefined, 7, 'select 1', {}]) {
      expect(() => withTimeout(work as never, 100)).to.throw(ConfigurationError, 'withTimeout');
    }
  });
});
