import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import type { MigrationOptions } from '../../../lib/migrate/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import type { MigrationFiles } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { failureOf } from '../compat/failure-of.js';

const alone = '-- migrate:up transaction:false\n';

describe('an odd migration', function () {
  this.timeout(60_000);
  let database: string;
  let folder: MigrationFolder;

  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
    folder = await MigrationFolder.make({});
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const manager = (options: Partial<MigrationOptions> = {}) => managerOf(database, folder.directory, options);
  const write = (files: MigrationFiles) => folder.write(files);
  const sql = <Row extends object>(...statements: string[]) => runSql<Row>(database, ...statements);

  /** Holds a transaction open while `work` runs. */
  async function beside<T>(statement: string, work: (end: () => Promise<void>) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    try {
      await client.query('begin');
      await client.query(statement);
      return await work(async () => void (await client.query('commit')));
    } finally {
      await client.end();
    }
  }

  it('that was interrupted without a transaction is not begun anew where its marker was changed to have one', async () => {
    await sql('create table t (x int)', 'insert into t values (1), (1)');
    const text = 'insert into t values (7);\ncreate unique index concurrently t_x on t (x);\n';
    await write({ '001_a.sql': alone + text });
    expect(await failureOf(manager().up())).to.include({ code: 'DB_MIGRATION_FAILED', line: 3 });
    await write({ '001_a.sql': '-- migrate:up\ninsert into t values (7);\ninsert into t values (8);\n' });
    await manager().rehearse();
    await manager().up();
    expect(await sql('select x from t where x > 1 order by x')).to.deep.equal([{ x: 7 }, { x: 8 }]);
  });

  it('may run what the server alone knows not to fit into a transaction, and is told how where it has one', async () => {
    await sql(
      'create table t (x int) partition by range (x)',
      'create table t_1 partition of t for values from (0) to (10)',
      'create index t_x on t (x)',
    );
    await write({ '001_a.sql': 'reindex table t;\n' });
    const refused = await failureOf(manager().up());
    expect(refused).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'rolled-back' });
    expect((refused as Error).message).to.contain('transaction:false');
    await write({ '001_a.sql': `${alone}insert into t values (1);\nreindex table t;\ninsert into t values (2);\n` });
    await manager().up();
    expect(await manager().status()).to.include({ version: 1, pending: 0 });
    expect(await sql('select x from t order by x')).to.deep.equal([{ x: 1 }, { x: 2 }]);
  });

  it('waits for old transactions where the remains of its index have to go first, as for the index itself', async () => {
    await sql('create table t (x int)', 'insert into t values (1), (1)');
    await write({ '001_a.sql': `${alone}create unique index concurrently t_x on t (x);\n` });
    await failureOf(manager().up());
    await sql('truncate t');
    await beside('select * from t', async (end) => {
      const done = manager({ lockTimeoutMs: 50, lockRetryMs: 200 }).up();
      await Promise.race([done, setTimeout(1_500)]);
      await end();
      await done;
    });
    expect(await sql('select indisvalid as valid from pg_index where indrelid = $$t$$::regclass')).to.deep.equal([
      { valid: true },
    ]);
  });

  it('that is rehearsed after others, and cannot have its lock, is told by its own file', async () => {
    await sql('create table t (x int)');
    await write({ '001_a.sql': 'create table a (x int);\n', '002_b.sql': '\n\nalter table t add y int;\n' });
    const refused = await beside('lock table t', () =>
      failureOf(manager({ lockTimeoutMs: 50, lockRetryMs: 0 }).rehearse()),
    );
    expect(refused).to.include({ code: 'DB_MIGRATION_LOCKED', file: '002_b.sql', line: 3, version: 2 });
  });

  it('may end as another role, which has no right on the history', async () => {
    const role = new URL(database).pathname.slice(1) + '_owner';
    await sql(`create role ${role}`, `create schema s authorization ${role}`);
    try {
      await write({
        '001_a.sql': `set role ${role};\ncreate table s.a (x int);\n`,
        '002_b.sql': `set session authorization ${role};\ncreate table s.b (x int);\n`,
        '003_c.sql': 'create table c (x int);\n',
      });
      await manager().up();
      const owners = await sql(
        "select tableowner from pg_tables where tablename in ('a', 'b', 'c') order by tablename",
      );
      expect(owners).to.deep.equal([role, role, 'postgres'].map((tableowner) => ({ tableowner })));
      expect(await sql('select distinct database_user from db_resilience_migrations')).to.deep.equal([
        { database_user: 'postgres' },
      ]);
    } finally {
      await sql(`drop owned by ${role}`, `drop role ${role}`);
    }
  });

  it('may take longer than transaction_timeout of its database', async function () {
    const [server] = await sql<{ version: string }>("select current_setting('server_version_num') as version");
    if (Number(server?.version) < 170_000) this.skip();
    await sql(`alter database ${new URL(database).pathname.slice(1)} set transaction_timeout = '200ms'`);
    await write({ '001_a.sql': 'select pg_sleep(0.6);\n' });
    await manager().up();
    expect(await manager().status()).to.include({ version: 1 });
  });

  it('is read as its parser reads it where the database takes backslashes for escapes', async () => {
    await sql(`alter database ${new URL(database).pathname.slice(1)} set standard_conforming_strings = off`);
    await write({ '001_a.sql': "create table t (x text);\ninsert into t values ('a\\b');\n" });
    await manager().up();
    expect(await sql('select length(x) as length from t')).to.deep.equal([{ length: 3 }]);
  });

  it('that had to wait for another process is told from where it began itself', async () => {
    const both = '-- migrate:up\nselect 1;\n-- migrate:down\nselect pg_sleep(0.3);\n';
    await write({ '001_a.sql': both, '002_b.sql': both });
    await manager().up();
    const runs = await Promise.all([manager().down(), manager().down()]);
    const ways = runs.map(({ from, to, steps }) => [from, to, steps.length]);
    expect(ways.sort()).to.deep.equal([
      [1, 0, 1],
      [2, 1, 1],
    ]);
  });

  it('that could not detach a partition to the end does not say that nothing was changed, and ends it the next time', async () => {
    await sql('create table t (x int) partition by list (x)', 'create table t_1 partition of t for values in (1)');
    await write({ '001_a.sql': `${alone}alter table t detach partition t_1 concurrently;\n` });
    const refused = await beside('select * from t', () => failureOf(manager({ lockRetryMs: 0 }).up()));
    expect(refused).to.include({ code: 'DB_MIGRATION_LOCKED', line: 2 });
    expect(await sql('select inhdetachpending as pending from pg_inherits')).to.deep.equal([{ pending: true }]);
    expect((refused as Error).message).to.not.contain('nothing was changed');
    await manager().up();
    expect(await sql('select 1 from pg_inherits')).to.deep.equal([]);
  });

  it('keeps none of the rows that its statements give', async () => {
    await write({ '001_a.sql': "select g, repeat('x', 100) from generate_series(1, 1000000) g;\n" });
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed - before)), 10);
    try {
      await manager().up();
    } finally {
      clearInterval(sampling);
    }
    expect(most).to.be.below(120_000_000);
  });
});
