import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import QueryStream from 'pg-query-stream';
import { ResilientPool } from '../../../lib/index.js';
import { backendOf } from './backend-of.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

const numbers = 'select n from generate_series(1, $1::int) n';

describe('pg-query-stream on a client of a ResilientPool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let client: pg.PoolClient;

  before(async () => {
    database = await testDatabase();
    // The pool's own time-out is 300 ms; the server's, behind it, 1500 ms.
    pool = new ResilientPool({
      connectionString: database.connectionString,
      max: 1,
      queryTimeoutMs: 300,
      cancelGraceMs: 200,
      drainTimeoutMs: 1000,
    });
  });

  beforeEach(async () => {
    client = await pool.connect();
  });

  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  it('is read to the end by for await', async () => {
    let sum = 0;
    for await (const row of client.query(new QueryStream(numbers, [1000]))) sum += (row as { n: number }).n;
    expect(sum).to.equal(500_500);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is left early by for await, and the connection is used again', async () => {
    for await (const row of client.query(new QueryStream(numbers, [100_000]))) {
      if ((row as { n: number }).n === 150) break;
    }
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is left by what the body of for await throws', async () => {
    const reason = new Error('seen enough');
    const failure = await failureOf(
      (async () => {
        for await (const row of client.query(new QueryStream(numbers, [100_000]))) {
          if ((row as { n: number }).n === 150) throw reason;
        }
      })(),
    );
    expect(failure).to.equal(reason);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is destroyed half way', async () => {
    const stream = client.query(new QueryStream(numbers, [100_000]));
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is never handed on open: its connection is closed, and the next borrower has a clean one', async () => {
    const stream = client.query(new QueryStream(numbers, [100_000]));
    await new Promise((resolve) => stream.once('readable', resolve));
    stream.on('error', () => undefined);
    client.release();
    const next = await pool.connect();
    try {
      expect(backendOf(next)).not.to.equal(backendOf(client));
      expect((await next.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    } finally {
      next.release();
    }
    expect(await database.backends()).not.to.include(backendOf(client));
  });

  it('feeds a reader that is slower than every time-out', async () => {
    let read = 0;
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (_row, _encoding, done) => {
        read += 1;
        setTimeout(done, 100);
      },
    });
    await pipeline(client.query(new QueryStream(numbers, [20], { highWaterMark: 2 })), slow);
    expect(read).to.equal(20);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('runs one after the other on one client, with statements between', async () => {
    const first = client.query(new QueryStream(numbers, [5]));
    const between = client.query<{ one: number }>('select 1 as one');
    const second = client.query(new QueryStream(numbers, [3]));
    const count = async (stream: QueryStream) => (await stream.toArray()).length;
    const [some, { rows }, few] = await Promise.all([count(first), between, count(second)]);
    expect([some, rows, few]).to.deep.equal([5, [{ one: 1 }], 3]);
    client.release();
  });

  it("fails with the database's own error, and the connection is used again", async () => {
    const stream = client.query(new QueryStream('select 6 / (3 - n) as q from generate_series(1, 5) n'));
    const failure = await failureOf(stream.toArray());
    expect(failure).to.be.instanceOf(pg.DatabaseError);
    expect(failure).to.include({ code: '22012' });
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  for (const [when, sql] of [
    ['while it waits for rows', 'select n, pg_sleep(5) from generate_series(1, 20) n'],
    ['between its reads', 'select n from generate_series(1, 1000) n'],
  ] as const) {
    it(`fails when its connection dies ${when}, and the pool goes on`, async function () {
      this.timeout(4000);
      const stream = client.query(new QueryStream(sql));
      const failure = failureOf(
        (async () => {
          for await (const row of stream) if ((row as { n: number }).n === 100) await sleep(300);
        })(),
      );
      await sleep(50);
      await database.terminate(backendOf(client));
      expect(await failure).to.include({ code: '57P01' });
      client.release();
      expect((await pool.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    });
  }

  it('never fails on a client of pg.Pool whose connection dies', async () => {
    const native = new pg.Pool({ connectionString: database.connectionString, max: 1 });
    const unlucky = await native.connect();
    unlucky.on('error', () => undefined);
    let settled = false;
    unlucky
      .query(new QueryStream('select n, pg_sleep(5) from generate_series(1, 20) n'))
      .toArray()
      .finally(() => (settled = true))
      .catch(() => undefined);
    const ended = new Promise<void>((resolve) => unlucky.once('end', resolve));
    await sleep(50);
    await database.terminate(backendOf(unlucky));
    await ended;
    await sleep(300);
    expect(settled).to.equal(false);
    unlucky.release(true);
    await native.end();
    client.release();
  });

  async function expectNextBorrowerHas(backend: number): Promise<void> {
    const next = await pool.connect();
    try {
      expect(backendOf(next)).to.equal(backend);
      expect((await next.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    } finally {
      next.release();
    }
  }
});
