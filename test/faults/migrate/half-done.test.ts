import { expect } from 'chai';
import pg from 'pg';
import { stateOf } from '../../../bench/migrations/kills/interrupted.js';
import { startPostgres, type PostgresServer } from '../../../lib/testing/index.js';
import { failureOf } from '../../integration/compat/failure-of.js';
import { expectSame } from '../../support/catalogue.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import { eventually } from '../../support/settle.js';

const tables = `
create table item (id int primary key, name text);
insert into item select n, 'item ' || n from generate_series(1, 1000) as n;
create index item_old on item (name);
create table part (at int not null) partition by range (at);
create table part_1 partition of part for values from (0) to (10);
create table part_2 partition of part for values from (10) to (20);
`;

/** Each waits for older transactions with half of its work done and committed. */
const statements = [
  'create index concurrently item_name on item (name)',
  'create unique index concurrently if not exists "Item name" on public.item (name)',
  'drop index concurrently item_old',
  'reindex index concurrently item_old',
  'reindex table concurrently item',
  'reindex (concurrently) schema public',
  'alter table part detach partition part_1 concurrently',
];

describe('a statement that has no transaction', function () {
  this.timeout(60_000);
  this.slow(10_000);
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  for (const statement of statements) {
    it(`whose server is killed in the midst of it leaves nothing half done: ${statement}`, async () => {
      await using folder = await MigrationFolder.make({
        '001_tables.sql': tables,
        '002_alone.sql': `-- migrate:up transaction:false\n${statement};\n`,
      });
      const undisturbed = await emptyDatabase(server);
      await managerOf(undisturbed, folder.directory).up();
      const database = await emptyDatabase(server);
      const manager = managerOf(database, folder.directory);
      await manager.migrateTo(1);

      await using _holder = await holding(database);
      const before = await stateOf(database);
      const up = failureOf(manager.up());
      await eventually(async () => (await waits(database)) > 0, 10_000, 'it waits for the older transaction');
      const half = await stateOf(database);
      expect(half, 'what is committed so far').to.not.equal(before);
      await server.kill();
      await up;
      await server.start();

      expect((await manager.status()).pending, 'pending').to.equal(1);
      await manager.up();
      expect((await manager.status()).pending, 'pending').to.equal(0);
      expectSame(await stateOf(undisturbed), await stateOf(database), 'after the next run');
    });
  }
});

/** An older transaction that has written to the tables. */
async function holding(connectionString: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  await client.query("begin; insert into item values (0, 'held'); insert into part values (1), (11)");
  return { [Symbol.asyncDispose]: () => client.end().catch(() => undefined) };
}

async function waits(database: string): Promise<number> {
  const rows = await runSql(
    database,
    `select from pg_stat_activity where datname = current_database() and wait_event = 'virtualxid'
        and application_name = 'db-resilience migrations'`,
  );
  return rows.length;
}
