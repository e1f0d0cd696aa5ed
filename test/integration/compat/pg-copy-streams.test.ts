import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { ResilientPool } from '../../../lib/index.js';
import { backendOf } from './backend-of.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

describe('pg-copy-streams on a client of a ResilientPool', () => {
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
    await pool.query('create table copied (n int)');
  });

  beforeEach(async () => {
    client = await pool.connect();
    await client.query('truncate copied');
  });

  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  it('copies in, and the connection is used again', async () => {
    const copy = client.query(copyFrom('copy copied from stdin'));
    await pipeline(Readable.from(lines(20_000)), copy);
    expect(copy.rowCount).to.equal(20_000);
    expect(await rowsCopied()).to.equal(20_000);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('copies out, and the connection is used again', async () => {
    const copy = client.query(copyTo('copy (select generate_series(1, 100000)) to stdout'));
    let bytes = 0;
    for await (const chunk of copy) bytes += (chunk as Buffer).length;
    expect(bytes).to.equal(588_895);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('copies in within a transaction that is rolled back', async () => {
    await client.query('begin');
    await pipeline(Readable.from(lines(10)), client.query(copyFrom('copy copied from stdin')));
    await client.query('rollback');
    expect(await rowsCopied()).to.equal(0);
    client.release();
  });

  it('copies in for longer than every time-out', async () => {
    const copy = client.query(copyFrom('copy copied from stdin'));
    await pipeline(
      Readable.from(
        (async function* () {
          for (let n = 0; n < 10; n++) {
            await sleep(200);
            yield `${String(n)}\n`;
          }
        })(),
      ),
      copy,
    );
    expect(await rowsCopied()).to.equal(10);
    client.release();
  });

  it('copies out for longer than every time-out', async () => {
    const copy = client.query(copyTo('copy (select n, pg_sleep(0.2) from generate_series(1, 10) n) to stdout'));
    let text = '';
    for await (const chunk of copy) text += String(chunk);
    expect(text.match(/\n/g)).to.have.lengthOf(10);
    client.release();
  });

  it('undoes a COPY whose source fails half way, and the connection is used again', async () => {
    const reason = new Error('the source broke');
    const failure = await failureOf(
      pipeline(
        Readable.from(
          (async function* () {
            yield '1\n2\n';
            await sleep(20);
            throw reason;
          })(),
        ),
        client.query(copyFrom('copy copied from stdin')),
      ),
    );
    expect(failure).to.equal(reason);
    expect(await rowsCopied()).to.equal(0);
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it("fails with the database's own error, and the connection is used again", async () => {
    const failure = await failureOf(
      pipeline(Readable.from(['1\n', 'two\n']), client.query(copyFrom('copy copied from stdin'))),
    );
    expect(failure).to.be.instanceOf(pg.DatabaseError);
    expect(failure).to.include({ code: '22P02' });
    expect(await rowsCopied()).to.equal(0);
    const missing = client.query(copyTo('copy nowhere to stdout'));
    expect(await failureOf(missing.toArray())).to.include({ code: '42P01' });
    client.release();
    await expectNextBorrowerHas(backendOf(client));
  });

  it('is never handed on while it copies in: its connection is closed, and nothing of it stays', async () => {
    const copy = client.query(copyFrom('copy copied from stdin'));
    copy.on('error', () => undefined);
    copy.write('1\n');
    await sleep(20);
    client.release();
    await expectNextBorrowerIsClean();
  });

  it('is never handed on while it copies out', async () => {
    const copy = client.query(
      copyTo('copy (select n, repeat($$x$$, 1000) from generate_series(1, 1000000) n) to stdout'),
    );
    copy.on('error', () => undefined);
    await new Promise((resolve) => copy.once('readable', resolve));
    client.release();
    await expectNextBorrowerIsClean();
  });

  it('is given up half way while it copies out', async () => {
    const copy = client.query(
      copyTo('copy (select n, repeat($$x$$, 1000) from generate_series(1, 1000000) n) to stdout'),
    );
    for await (const chunk of copy) {
      expect((chunk as Buffer).length).to.be.above(0);
      break;
    }
    client.release();
    await expectNextBorrowerIsClean();
  });

  it('fails when its connection dies, and the pool goes on', async () => {
    const copy = client.query(copyFrom('copy copied from stdin'));
    const failed = new Promise((resolve) => copy.once('error', resolve));
    copy.write('1\n');
    await sleep(20);
    await database.terminate(backendOf(client));
    expect(await failed).to.be.instanceOf(Error);
    client.release();
    await expectNextBorrowerIsClean();
  });

  function* lines(count: number): Iterable<string> {
    for (let n = 1; n <= count; n++) yield `${String(n)}\n`;
  }

  async function rowsCopied(): Promise<number> {
    const { rows } = await client.query<{ count: string }>('select count(*) from copied');
    return Number(rows[0]?.count);
  }

  async function expectNextBorrowerHas(backend: number): Promise<void> {
    const next = await pool.connect();
    try {
      expect(backendOf(next)).to.equal(backend);
      expect((await next.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    } finally {
      next.release();
    }
  }

  async function expectNextBorrowerIsClean(): Promise<void> {
    const next = await pool.connect();
    try {
      expect(backendOf(next)).not.to.equal(backendOf(client));
      expect((await next.query<{ count: string }>('select count(*) from copied')).rows).to.deep.equal([{ count: '0' }]);
    } finally {
      next.release();
    }
    expect(await database.backends()).not.to.include(backendOf(client));
  }
});
