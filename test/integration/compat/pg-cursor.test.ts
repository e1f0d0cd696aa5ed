import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { ResilientPool } from '../../../lib/index.js';
import { backendOf } from './backend-of.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

const numbers = 'select n from generate_series(1, $1::int) n';

describe('pg-cursor on a client of a ResilientPool', () => {
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

  it('reads to the end, and the connection is used again', async () => {
    const cursor = client.query(new Cursor<{ n: number }>(numbers, [25]));
    expect(await cursor.read(10)).to.have.lengthOf(10);
    expect(await cursor.read(10)).to.have.lengthOf(10);
    expect((await cursor.read(10)).map((row) => row.n)).to.deep.equal([21, 22, 23, 24, 25]);
    expect(await cursor.read(10)).to.deep.equal([]);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is closed early, and the connection is used again', async () => {
    const cursor = client.query(new Cursor(numbers, [100_000]));
    await cursor.read(10);
    await cursor.close();
    expect((await client.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('may still be closing when its client is released', async () => {
    const cursor = client.query(new Cursor(numbers, [100_000]));
    await cursor.read(10);
    const closed = cursor.close();
    client.release();
    await closed;
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is never handed on open: its connection is closed, and the next borrower has a clean one', async () => {
    const cursor = client.query(new Cursor(numbers, [100_000]));
    await cursor.read(10);
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

  it('has all the time it needs for one read', async () => {
    const cursor = client.query(new Cursor('select pg_sleep(0.5) from generate_series(1, 4)'));
    expect(await cursor.read(4)).to.have.lengthOf(4);
    await cursor.close();
    client.release();
  });

  it('has all the time it needs between reads', async () => {
    const cursor = client.query(new Cursor(numbers, [20]));
    await cursor.read(10);
    await sleep(2000);
    expect(await cursor.read(10)).to.have.lengthOf(10);
    await cursor.close();
    client.release();
  });

  it('leaves the time-outs of other statements as they were', async () => {
    const cursor = client.query(new Cursor(numbers, [20]));
    await cursor.read(100);
    await cursor.close();
    expect(await failureOf(client.query('select pg_sleep(20)'))).to.include({ code: 'DB_QUERY_TIMEOUT' });
    client.release();
    const { rows } = await pool.query<{ statement_timeout: string }>('show statement_timeout');
    expect(rows).to.deep.equal([{ statement_timeout: '1500ms' }]);
  });

  it('has all the time it needs after a transaction with a cursor was rolled back', async () => {
    await client.query('begin');
    const first = client.query(new Cursor(numbers, [20]));
    await first.read(100);
    await first.close();
    await client.query('rollback');
    const second = client.query(new Cursor('select pg_sleep(0.5) from generate_series(1, 4)'));
    try {
      expect(await second.read(4)).to.have.lengthOf(4);
    } finally {
      await second.close();
      client.release();
    }
  });

  it("obeys its user's own statement_timeout", async () => {
    await client.query('begin');
    await client.query('set local statement_timeout = 200');
    const cursor = client.query(new Cursor('select pg_sleep(1)'));
    try {
      expect(await failureOf(cursor.read(1))).to.include({ code: '57014' });
    } finally {
      await cursor.close();
      await client.query('rollback');
      client.release();
    }
  });

  it("fails with the database's own error, at its start or on the way, and the connection is used again", async () => {
    const unknown = client.query(new Cursor('select * from nowhere'));
    const atStart = await failureOf(unknown.read(1));
    expect(atStart).to.be.instanceOf(pg.DatabaseError);
    expect(atStart).to.include({ code: '42P01' });
    const dividing = client.query(new Cursor<{ q: number }>('select 6 / (3 - n) as q from generate_series(1, 5) n'));
    expect((await dividing.read(2)).map((row) => row.q)).to.deep.equal([3, 6]);
    expect(await failureOf(dividing.read(2))).to.include({ code: '22012' });
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('works inside a transaction that is committed, and in one that is rolled back', async () => {
    await client.query('create table counted (n int)');
    for (const end of ['rollback', 'commit']) {
      await client.query('begin');
      const inserting = client.query(
        new Cursor<{ n: number }>('insert into counted select generate_series(1, 30) returning n'),
      );
      expect(await inserting.read(10)).to.have.lengthOf(10);
      await inserting.close();
      await client.query(end);
      const { rows } = await client.query<{ count: string }>('select count(*) from counted');
      expect(rows[0]?.count).to.equal(end === 'commit' ? '30' : '0');
    }
    client.release();
  });

  it('tells of a connection that dies, and of it alone', async () => {
    const cursor = client.query(new Cursor('select n, pg_sleep(5) from generate_series(1, 20) n'));
    const failure = failureOf(cursor.read(20));
    await sleep(50);
    await database.terminate(backendOf(client));
    expect(await failure).to.include({ code: '57P01' });
    client.release();
    expect((await pool.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
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
