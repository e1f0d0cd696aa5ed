import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { from as copyFrom } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { ConnectionLostError, ResilientPool, TransactionRolledBackError } from '../../../lib/index.js';
import type { Transaction } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { failureOf } from '../compat/failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../compat/test-database.js';
import { eventually } from '../../support/settle.js';

describe('cursors, streams and COPY in transaction()', () => {
  let database: TestDatabase;
  let proxy: FaultProxy;
  let pool: ResilientPool;

  before(async () => {
    database = await testDatabase();
    const url = new URL(database.connectionString);
    proxy = await startFaultProxy({ target: { host: url.hostname, port: Number(url.port) } });
    pool = new ResilientPool({ connectionString: proxy.connectionString(database), max: 2 });
    await pool.query(`
      create table entries (id int primary key);
      create sequence runs;
      create function flaky(failures int) returns setof bigint language plpgsql as $$
        begin
          if nextval('runs') <= failures then raise exception 'not yet' using errcode = '40001'; end if;
          return query select n::bigint from generate_series(1, 1000) as n;
        end $$`);
  });

  beforeEach(() => pool.query('truncate entries; alter sequence runs restart'));
  afterEach(() => expectNothingCheckedOut(pool, database));
  after(async () => {
    await pool.end();
    await proxy.close();
  });

  const write = (tx: Transaction) => tx.query('insert into entries select count(*) from entries');
  const stored = async () => (await pool.query('select from entries')).rowCount;
  const streamed = async (tx: Transaction, text: string) => {
    let rows = 0;
    for await (const _row of tx.query(new QueryStream(text))) rows += 1;
    return rows;
  };

  it('are replayed with the rest after a failure that passes', async () => {
    const forms: ((tx: Transaction) => Promise<unknown>)[] = [
      (tx) => streamed(tx, 'select flaky(1)'),
      async (tx) => {
        const cursor = tx.query(new Cursor('select flaky(1)'));
        await cursor.read(1);
        await cursor.close();
      },
    ];
    for (const form of forms) {
      await pool.query('truncate entries; alter sequence runs restart');
      let calls = 0;
      await pool.transaction(async (tx) => {
        calls += 1;
        await write(tx);
        await form(tx);
      });
      expect(calls).to.equal(2);
      expect(await stored()).to.equal(1);
    }
  });

  it('are replayed with the rest after their connection was lost', async () => {
    let calls = 0;
    await pool.transaction(async (tx) => {
      calls += 1;
      await write(tx);
      if (calls === 1) setTimeout(() => proxy.reset(), 50);
      await streamed(tx, `select pg_sleep(${calls === 1 ? '5' : '0'})`);
    });
    expect(calls).to.equal(2);
    expect(await stored()).to.equal(1);
  });

  it('say that they were undone where their connection was lost', async () => {
    const error = await failureOf(
      pool.transaction(
        async (tx) => {
          await write(tx);
          setTimeout(() => proxy.reset(), 50);
          await streamed(tx, 'select pg_sleep(5)');
        },
        { retries: 0 },
      ),
    );
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error).to.include({ outcome: 'rolled-back', retryable: true });
    expect(await stored()).to.equal(0);
  });

  it('say nothing of what became of them outside of a transaction', async () => {
    const client = await pool.connect();
    setTimeout(() => proxy.reset(), 50);
    const running = failureOf(client.query(new QueryStream('select pg_sleep(5)')).toArray());
    const waiting = failureOf(client.query(new QueryStream('select 1')).toArray());
    expect(await running).to.be.instanceOf(ConnectionLostError);
    expect(await running).to.include({ outcome: 'unknown' });
    expect(await waiting).to.be.instanceOf(ConnectionLostError);
    expect(await waiting).to.include({ outcome: 'not-executed' });
    client.release();
  });

  it('say that they were undone where they were open at the deadline, and read on no more', async () => {
    // The rest of each waits for its reader, and ignores a cancel.
    const cursor = async (tx: Transaction) => {
      const rows = tx.query(new Cursor('select generate_series(1, 1000)'));
      await rows.read(1);
      await sleep(600);
      await rows.read(1);
    };
    const stream = (tx: Transaction) =>
      new Promise((_resolve, reject) => {
        tx.query(new QueryStream('select generate_series(1, 1000)', [], { highWaterMark: 1 })).on('error', reject);
      });
    for (const open of [cursor, stream]) {
      let told: unknown;
      const error = await failureOf(
        pool.transaction(
          async (tx) => {
            await write(tx);
            told = await failureOf(open(tx));
            throw told;
          },
          { timeoutMs: 200 },
        ),
      );
      expect(error).to.include({ code: 'DB_DEADLINE_EXCEEDED', outcome: 'rolled-back' });
      await eventually(() => told !== undefined, 5000, 'its user is told');
      expect(told).to.include({ code: 'DB_DEADLINE_EXCEEDED', outcome: 'rolled-back' });
      expect(await stored()).to.equal(0);
    }
  });

  it('are told to be the reason where what they failed with was swallowed', async () => {
    const error = await failureOf(
      pool.transaction(async (tx) => {
        await write(tx);
        const rows = Readable.from(['1\n', '1\n']);
        await pipeline(rows, tx.query(copyFrom('copy entries from stdin'))).catch(() => undefined);
      }),
    );
    expect(error).to.be.instanceOf(TransactionRolledBackError);
    expect(error.cause).to.include({ code: '23505' });
    expect(await stored()).to.equal(0);
  });
});
