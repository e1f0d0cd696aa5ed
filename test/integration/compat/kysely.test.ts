import { expect } from 'chai';
import { Kysely, PostgresDialect, sql, type Generated } from 'kysely';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { ResilientPool } from '../../../lib/index.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

interface Schema {
  accounts: { id: Generated<number>; owner: string; balance: Generated<number> };
}

describe('Kysely on a ResilientPool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let db: Kysely<Schema>;

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({
      connectionString: database.connectionString,
      max: 4,
      queryTimeoutMs: 300,
      cancelGraceMs: 200,
      drainTimeoutMs: 1000,
    });
    db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
    await sql`create table accounts (id serial primary key, owner text not null unique, balance int not null default 0)`.execute(
      db,
    );
  });

  beforeEach(() => db.deleteFrom('accounts').execute());
  afterEach(() => expectNothingCheckedOut(pool, database));

  it('creates, reads, changes and deletes rows', async () => {
    const created = await db
      .insertInto('accounts')
      .values({ owner: 'ada', balance: 5 })
      .returningAll()
      .executeTakeFirstOrThrow();
    expect(created).to.include({ owner: 'ada', balance: 5 });
    const changed = await db.updateTable('accounts').set({ balance: 7 }).where('owner', '=', 'ada').executeTakeFirst();
    expect(changed.numUpdatedRows).to.equal(1n);
    expect(await db.selectFrom('accounts').select('balance').execute()).to.deep.equal([{ balance: 7 }]);
    const deleted = await db.deleteFrom('accounts').executeTakeFirst();
    expect(deleted.numDeletedRows).to.equal(1n);
  });

  it("throws the database's own error", async () => {
    await db.insertInto('accounts').values({ owner: 'ada' }).execute();
    const failure = await failureOf(db.insertInto('accounts').values({ owner: 'ada' }).execute());
    expect(failure).to.be.instanceOf(pg.DatabaseError);
    expect(failure).to.include({ code: '23505', constraint: 'accounts_owner_key' });
  });

  it('commits a transaction', async () => {
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx) => {
        await trx.insertInto('accounts').values({ owner: 'ada' }).execute();
        await trx.insertInto('accounts').values({ owner: 'bob' }).execute();
      });
    expect(await owners()).to.deep.equal(['ada', 'bob']);
  });

  it('rolls a transaction back when its callback throws', async () => {
    const reason = new Error('changed my mind');
    const thrown = await failureOf(
      db.transaction().execute(async (trx) => {
        await trx.insertInto('accounts').values({ owner: 'ada' }).execute();
        throw reason;
      }),
    );
    expect(thrown).to.equal(reason);
    expect(await owners()).to.deep.equal([]);
  });

  it('rolls back to a savepoint of a controlled transaction', async () => {
    const trx = await db.startTransaction().execute();
    await trx.insertInto('accounts').values({ owner: 'ada' }).execute();
    const saved = await trx.savepoint('before_bob').execute();
    await saved.insertInto('accounts').values({ owner: 'bob' }).execute();
    await saved.rollbackToSavepoint('before_bob').execute();
    await trx.commit().execute();
    expect(await owners()).to.deep.equal(['ada']);
  });

  it('streams rows to the end', async () => {
    await fill(250);
    let rows = 0;
    for await (const row of db.selectFrom('accounts').selectAll().stream(100)) {
      expect(row.owner).to.match(/^owner /);
      rows += 1;
    }
    expect(rows).to.equal(250);
  });

  it('streams for longer than every time-out', async () => {
    // 300 ms is the pool's time-out, 1500 ms the server's.
    await fill(10);
    let rows = 0;
    for await (const row of db
      .selectFrom('accounts')
      .select(['owner', sql`pg_sleep(0.2)`.as('slept')])
      .stream(5)) {
      expect(row.owner).to.be.a('string');
      rows += 1;
    }
    expect(rows).to.equal(10);
  });

  it('gives the connection back from a stream that is left early', async () => {
    await fill(250);
    for await (const row of db.selectFrom('accounts').selectAll().stream(10)) {
      expect(row.owner).to.be.a('string');
      break;
    }
    await expectNothingCheckedOut(pool, database);
  });

  it('ends the pool with itself', async () => {
    const second = new ResilientPool({ connectionString: database.connectionString });
    const other = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: second }) });
    await other.selectFrom('accounts').selectAll().execute();
    await other.destroy();
    expect(second.ended).to.equal(true);
  });

  after(() => db.destroy());

  async function owners(): Promise<string[]> {
    const rows = await db.selectFrom('accounts').select('owner').orderBy('owner').execute();
    return rows.map((row) => row.owner);
  }

  async function fill(count: number): Promise<void> {
    await sql`insert into accounts (owner) select 'owner ' || n from generate_series(1, ${count}::int) n`.execute(db);
  }
});
