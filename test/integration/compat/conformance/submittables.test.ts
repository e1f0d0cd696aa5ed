import { expect } from 'chai';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../test-database.js';
import { calledBack } from './called-back.js';
import { expectSettled } from './expect-settled.js';
import { subjects } from './subjects.js';

interface Row {
  n: number;
}

for (const subject of subjects) {
  const ours = subject.resilient;

  describe(`Submittables: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;

    before(async () => {
      database = await testDatabase();
      pool = subject.create({ connectionString: database.connectionString, max: 3, min: 0 });
    });

    afterEach(() => expectNothingCheckedOut(pool, database));
    after(() => pool.end());

    it('returns a Query from a client, which tells of its rows', async () => {
      const client = await pool.connect();
      const query = new subject.pg.Query<Row>('select n from generate_series(1, 3) n');
      expect(client.query(query)).to.equal(query);
      const rows: Row[] = [];
      query.on('row', (row) => rows.push(row));
      await new Promise((resolve, reject) => {
        query.on('end', resolve);
        query.on('error', reject);
      });
      client.release();
      expect(rows).to.deep.equal([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });

    it('tells by a Query of its error', async () => {
      const client = await pool.connect();
      const query = client.query(new subject.pg.Query('select 1 / 0'));
      const error = await new Promise((resolve) => query.on('error', resolve));
      client.release();
      expect(error).to.include({ code: '22012' });
    });

    it('calls the callback of a Query', async () => {
      const client = await pool.connect();
      const { error, result } = await calledBack((done) =>
        client.query(new subject.pg.Query('select $1::int as n', [9], done as never)),
      );
      client.release();
      expect(error).to.equal(null);
      expect(result?.rows).to.deep.equal([{ n: 9 }]);
    });

    it('gives a promise of the result of a Query that the pool runs', async () => {
      const query = new subject.pg.Query<Row>('select 10 as n');
      const result = await (pool.query(query) as unknown as Promise<pg.QueryResult<Row>>);
      expect(result.rows).to.deep.equal([{ n: 10 }]);
    });

    it(`${ours ? 'never lends' : 'lends'} a connection on which a cursor is open`, async () => {
      const own = subject.create({ connectionString: database.connectionString, max: 1, min: 0 });
      const client = await own.connect();
      client.on('error', () => undefined);
      await client.query(new Cursor('select generate_series(1, 1000)')).read(1);
      client.release();
      const next = await own.connect();
      const running = next.query('select 1');
      running.catch(() => undefined);
      await expectSettled(running, ours);
      next.release(true);
      await own.end();
    });

    for (const [what, submittable] of [
      ['Query with a callback', () => new subject.pg.Query('select 1', () => undefined)],
      ['cursor that was read to its end', () => readToTheEnd(new Cursor('select 1'))],
    ] as const) {
      it(`${ours ? 'takes' : 'never takes'} the connection back from a ${what}, and never settles its promise`, async () => {
        const own = subject.create({ connectionString: database.connectionString, max: 1, min: 0 });
        const clients: pg.PoolClient[] = [];
        own.on('connect', (client) => clients.push(client));
        const running = own.query(submittable()) as unknown as Promise<unknown>;
        const next = own.query('select 1');
        await expectSettled(next, ours);
        await expectSettled(running, false);
        if (ours) await own.end();
        else await Promise.all(clients.map((client) => client.end()));
      });
    }
  });
}

function readToTheEnd(cursor: Cursor): Cursor {
  void cursor.read(10);
  return cursor;
}
