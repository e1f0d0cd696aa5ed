import { expect } from 'chai';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { ResilientPool } from '../../../lib/index.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

const accounts = pgTable('accounts', {
  id: serial('id').primaryKey(),
  owner: text('owner').notNull().unique(),
  balance: integer('balance').notNull().default(0),
});

describe('Drizzle on a ResilientPool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let db: ReturnType<typeof connect>;

  function connect(client: ResilientPool) {
    return drizzle({ client, schema: { accounts } });
  }

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 4 });
    db = connect(pool);
    await db.execute(
      sql`create table accounts (id serial primary key, owner text not null unique, balance int not null default 0)`,
    );
  });

  beforeEach(() => db.delete(accounts));
  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  it('creates, reads, changes and deletes rows', async () => {
    const [created] = await db.insert(accounts).values({ owner: 'ada', balance: 5 }).returning();
    expect(created).to.include({ owner: 'ada', balance: 5 });
    await db.update(accounts).set({ balance: 7 }).where(eq(accounts.owner, 'ada'));
    expect(await db.select({ balance: accounts.balance }).from(accounts)).to.deep.equal([{ balance: 7 }]);
    expect(await db.query.accounts.findFirst()).to.include({ owner: 'ada', balance: 7 });
    const deleted = await db.delete(accounts).where(eq(accounts.owner, 'ada'));
    expect(deleted.rowCount).to.equal(1);
  });

  it('runs its prepared statements many times at once', async () => {
    await db.insert(accounts).values([{ owner: 'ada' }, { owner: 'bob' }]);
    const byOwner = db
      .select()
      .from(accounts)
      .where(eq(accounts.owner, sql.placeholder('owner')))
      .prepare('account_by_owner');
    const found = await Promise.all(
      Array.from({ length: 20 }, (_, n) => byOwner.execute({ owner: n % 2 ? 'ada' : 'bob' })),
    );
    expect(found.map(([row]) => row?.owner)).to.deep.equal(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? 'ada' : 'bob')),
    );
  });

  it("has the database's own error as the cause of its error", async () => {
    await db.insert(accounts).values({ owner: 'ada' });
    const failure = await failureOf(db.insert(accounts).values({ owner: 'ada' }).execute());
    expect(failure.cause).to.be.instanceOf(pg.DatabaseError);
    expect(failure.cause).to.include({ code: '23505', constraint: 'accounts_owner_key', table: 'accounts' });
  });

  it('commits a transaction, a nested one with it', async () => {
    await db.transaction(
      async (tx) => {
        await tx.insert(accounts).values({ owner: 'ada' });
        await tx.transaction((nested) => nested.insert(accounts).values({ owner: 'bob' }));
      },
      { isolationLevel: 'serializable' },
    );
    expect(await db.$count(accounts)).to.equal(2);
  });

  it('rolls a transaction back when its callback throws, or asks for it', async () => {
    const reason = new Error('changed my mind');
    const thrown = await failureOf(
      db.transaction(async (tx) => {
        await tx.insert(accounts).values({ owner: 'ada' });
        throw reason;
      }),
    );
    expect(thrown).to.equal(reason);
    await failureOf(
      db.transaction(async (tx) => {
        await tx.insert(accounts).values({ owner: 'bob' });
        tx.rollback();
      }),
    );
    expect(await db.$count(accounts)).to.equal(0);
  });

  it('rolls back to the savepoint of a nested transaction that fails', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(accounts).values({ owner: 'ada' });
      const failure = await failureOf(tx.transaction((nested) => nested.insert(accounts).values({ owner: 'ada' })));
      expect(failure.cause).to.include({ code: '23505' });
    });
    expect(await db.$count(accounts)).to.equal(1);
  });

  it('does not lose a connection that dies as its transaction begins', async () => {
    // Drizzle releases its client only where BEGIN succeeded.
    const client = await pool.connect();
    client.release();
    const { processID } = client as unknown as { processID: number };
    pool.once('acquire', () => {
      // The backend's goodbye is under way when BEGIN is sent.
      void database.terminate(processID);
    });
    await db
      .transaction(async (tx) => {
        await tx.execute(sql`select pg_sleep(2)`);
      })
      .catch(() => undefined);
    await expectNothingCheckedOut(pool, database);
  });
});
