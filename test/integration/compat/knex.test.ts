import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { ResilientPool } from '../../../lib/index.js';
import { eventually } from './eventually.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

interface Account {
  id: number;
  owner: string;
  balance: number;
}

describe('Knex on a ResilientPool, as its connectionPool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let db: Knex;

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({
      connectionString: database.connectionString,
      max: 4,
      queryTimeoutMs: 300,
      cancelGraceMs: 200,
      drainTimeoutMs: 1000,
    });
    db = knex({ client: 'pg', connectionPool: pool });
    await db.schema.createTable('accounts', (table) => {
      table.increments('id');
      table.text('owner').notNullable().unique();
      table.integer('balance').notNullable().defaultTo(0);
    });
  });

  beforeEach(() => db<Account>('accounts').delete());
  afterEach(() => expectNothingCheckedOut(pool, database));

  after(async () => {
    await db.destroy();
    await pool.end();
  });

  it('creates, reads, changes and deletes rows', async () => {
    const created = await db<Account>('accounts').insert({ owner: 'ada', balance: 5 }, '*');
    expect(created[0]).to.include({ owner: 'ada', balance: 5 });
    expect(await db<Account>('accounts').where({ owner: 'ada' }).update({ balance: 7 })).to.equal(1);
    expect(await db<Account>('accounts').select('balance')).to.deep.equal([{ balance: 7 }]);
    expect(await db<Account>('accounts').delete()).to.equal(1);
  });

  it('serves more queries at once than there are connections', async () => {
    const rows = await Promise.all(
      Array.from({ length: 40 }, (_, n) => db.select<{ n: number }[]>(db.raw('?::int as n', [n]))),
    );
    expect(rows.map(([row]) => row?.n)).to.deep.equal(Array.from({ length: 40 }, (_, n) => n));
    expect(pool.totalCount).to.be.at.most(4);
  });

  it("throws the database's own error", async () => {
    await db<Account>('accounts').insert({ owner: 'ada' });
    const failure = await failureOf(db<Account>('accounts').insert({ owner: 'ada' }));
    expect(failure).to.be.instanceOf(pg.DatabaseError);
    expect(failure).to.include({ code: '23505', constraint: 'accounts_owner_unique' });
  });

  it('commits a transaction, a nested one with it', async () => {
    await db.transaction(async (trx) => {
      await trx<Account>('accounts').insert({ owner: 'ada' });
      await trx.transaction((nested) => nested<Account>('accounts').insert({ owner: 'bob' }));
    });
    expect(await owners()).to.deep.equal(['ada', 'bob']);
  });

  it('rolls a transaction back when its callback throws', async () => {
    const reason = new Error('changed my mind');
    const thrown = await failureOf(
      db.transaction(async (trx) => {
        await trx<Account>('accounts').insert({ owner: 'ada' });
        throw reason;
      }),
    );
    expect(thrown).to.equal(reason);
    expect(await owners()).to.deep.equal([]);
  });

  it('rolls back a transaction that is steered by hand', async () => {
    const trx = await db.transaction();
    await trx<Account>('accounts').insert({ owner: 'ada' });
    await trx.rollback();
    expect(await owners()).to.deep.equal([]);
  });

  it('streams rows for longer than every time-out', async () => {
    // 300 ms is the pool's time-out, 1500 ms the server's.
    let rows = 0;
    await db.transaction(async (trx) => {
      const stream = trx.raw('select n, pg_sleep(0.2) from generate_series(1, 10) n').stream({ highWaterMark: 2 });
      for await (const row of stream) {
        expect(row).to.have.property('n');
        rows += 1;
      }
    });
    expect(rows).to.equal(10);
  });

  it('gives the connection back from a stream that is left early', async () => {
    for await (const row of db.raw('select n from generate_series(1, 100000) n').stream()) {
      expect(row).to.have.property('n');
      break;
    }
    await expectNothingCheckedOut(pool, database);
  });

  for (const Pool of [pg.Pool, ResilientPool]) {
    it(`releases the connection of a stream read outside a transaction twice, on ${Pool.name} too`, async () => {
      const errors: unknown[] = [];
      const native: pg.Pool = new Pool({ connectionString: database.connectionString });
      const lenient = {
        totalCount: 0,
        idleCount: 0,
        waitingCount: 0,
        end: () => native.end(),
        connect: async () => {
          const client = await native.connect();
          const release = client.release.bind(client);
          client.release = (error) => {
            try {
              release(error);
            } catch (refusal) {
              errors.push(refusal);
            }
          };
          return client;
        },
      };
      const other = knex({ client: 'pg', connectionPool: lenient });
      for await (const row of other.raw('select 1 as n').stream()) expect(row).to.deep.equal({ n: 1 });
      await eventually(() => expect(errors).to.have.lengthOf(1));
      expect(errors[0]).to.include({
        message: 'Release called on client which has already been released to the pool.',
      });
      await native.end();
    });
  }

  it("ends on the server what Knex's own time-out gave up", async () => {
    const failure = await failureOf(db.raw('select pg_sleep(20)').timeout(100));
    expect(failure.name).to.equal('KnexTimeoutError');
    await expectNothingCheckedOut(pool, database);
  });

  it('leaves the pool open when it is destroyed', async () => {
    const other = knex({ client: 'pg', connectionPool: pool });
    await other.raw('select 1');
    await other.destroy();
    expect(pool.ending).to.equal(false);
    expect((await pool.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
  });

  async function owners(): Promise<string[]> {
    return db<Account>('accounts').orderBy('owner').pluck('owner');
  }
});
