import { expect } from 'chai';
import pg from 'pg';
import type { MigrationEvent, MigrationOptions } from '../../../lib/migrate/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import type { MigrationFiles } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';

describe('a migration beside other work', function () {
  this.timeout(60_000);
  this.slow(10_000);
  let database: string;
  let folder: MigrationFolder;
  let events: MigrationEvent[];

  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
    folder = await MigrationFolder.make({});
    events = [];
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const manager = (options: Partial<MigrationOptions> = {}) =>
    managerOf(database, folder.directory, { onProgress: (event) => events.push(event), ...options });
  const write = (files: MigrationFiles) => folder.write(files);
  const sql = <Row extends object>(...statements: string[]) => runSql<Row>(database, ...statements);
  const isThere = async (table: string) =>
    (await sql(`select 1 where pg_catalog.to_regclass('${table}') is not null`)).length === 1;
  const said = (kind: MigrationEvent['kind']) => events.filter((event) => event.kind === kind);

  /** The sessions of migrations, and whether they have the lock. */
  const sessions = () =>
    sql<{ pid: number; locks: number }>(
      `select pid, (select count(*)::int from pg_locks l where l.pid = a.pid and locktype = 'advisory') as locks
       from pg_stat_activity a where datname = current_database() and application_name = 'db-resilience migrations'`,
    );
  const expectNothingLeft = () => eventually(async () => (await sessions()).length === 0, 4_000, 'the session is gone');

  async function connected(...statements: string[]): Promise<{ client: pg.Client } & AsyncDisposable> {
    const client = new pg.Client({ connectionString: database });
    client.on('error', () => undefined);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    return { client, [Symbol.asyncDispose]: () => client.end() };
  }

  describe('of another process that migrates', () => {
    let other: Promise<unknown>;
    let stop: AbortController;
    let pid: number;

    beforeEach(async () => {
      await write({ '001_a.sql': 'select pg_sleep(60);' });
      stop = new AbortController();
      other = failureOf(managerOf(database, folder.directory).up({ signal: stop.signal }));
      await eventually(async () => (await sessions()).some(({ locks }) => locks === 1), 10_000, 'it has the lock');
      pid = (await sessions())[0]?.pid ?? 0;
    });
    afterEach(async () => {
      stop.abort();
      await other;
      await expectNothingLeft();
    });

    it('is refused at once without time to wait, and told the session that it would wait for', async () => {
      const { error, ms } = await settled(manager({ waitMs: 0 }).up(), 10_000);
      expect(error).to.include({ code: 'DB_MIGRATION_LOCKED', outcome: 'not-executed', retryable: true });
      expect(error?.message)
        .to.include(`the session with pid ${String(pid)}, see pg_stat_activity`)
        .and.match(/--wait/);
      expect(ms).to.be.below(2_000);
      expect(events).to.deep.equal([]);
      expect(await sessions()).to.deep.equal([{ pid, locks: 1 }]);
    });

    it('waits as long as it may, tells of it ever more rarely, and leaves nothing', async () => {
      const { error, ms } = await settled(manager({ waitMs: 1_000 }).up(), 10_000);
      expect(error).to.include({ code: 'DB_MIGRATION_LOCKED' });
      expect(error).to.have.property('waitedMs').that.is.within(1_000, 3_000);
      expect(ms).to.be.within(1_000, 4_000);
      const waits = said('waiting');
      expect(waits.length).to.be.within(4, 12);
      for (const event of waits) expect(event).to.include({ holder_pid: pid });
      expect(await sessions()).to.deep.equal([{ pid, locks: 1 }]);
    });

    it('ends at once by its signal, however long its pauses have become', async () => {
      const controller = new AbortController();
      let abortedAt = 0;
      const onProgress = (event: MigrationEvent): void => {
        if (events.push(event) !== 7) return;
        abortedAt = performance.now();
        setTimeout(() => controller.abort(), 10);
      };
      const { error } = await settled(manager({ onProgress }).up({ signal: controller.signal }), 20_000);
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'not-executed' });
      expect(performance.now() - abortedAt).to.be.below(700);
      expect(await sessions()).to.deep.equal([{ pid, locks: 1 }]);
    });

    it('gives way to it also with initialize() once it is needless, and with repair() never', async () => {
      await manager({ waitMs: 0 }).initialize();
      const error = await failureOf(manager({ waitMs: 0 }).repair({ version: 1, as: 'applied' }));
      expect(error).to.include({ code: 'DB_MIGRATION_LOCKED' });
      expect((await manager().status()).version).to.equal(0);
    });

    it('reads meanwhile', async () => {
      expect((await manager({ waitMs: 0 }).status()).pending).to.equal(1);
      expect((await manager({ waitMs: 0 }).plan()).steps).to.have.length(1);
    });

    it('does not wait for one that keeps another history', async () => {
      await write({ '001_a.sql': 'create table mine (id int);' });
      const { value } = await settled(manager({ waitMs: 0, table: 'other.history' }).up(), 10_000);
      expect(value?.to).to.equal(1);
      expect(await isThere('mine')).to.equal(true);
    });
  });

  it('goes on where another has left off', async () => {
    await write({ '001_a.sql': 'select pg_sleep(0.5);', '002_b.sql': 'create table b (id int);' });
    const first = manager().migrateTo(1);
    await eventually(() => said('locked').length === 1, 10_000, 'it has the lock');
    const second = await managerOf(database, folder.directory).up();
    await first;
    expect(second.steps.map(({ version }) => version)).to.deep.equal([2]);
    expect(second).to.include({ from: 1, to: 2 });
    // Each by when it began.
    const [times] = await sql<{ ms: number }>(
      'select extract(epoch from max(started_at) - min(started_at))::float8 * 1000 as ms from db_resilience_migrations',
    );
    expect(times?.ms).to.be.above(400);
  });

  it('begins all of it again where a table cannot be had, until it can', async () => {
    await sql('create table busy (id int)');
    await write({ '001_a.sql': 'create table a (id int);\nalter table busy add column n int;' });
    let up: ReturnType<ReturnType<typeof manager>['up']>;
    {
      await using _holder = await connected('begin', 'select * from busy');
      up = manager({ lockTimeoutMs: 50 }).up();
      await eventually(() => said('table-locked').length === 1, 10_000, 'it was locked out');
      expect(await isThere('a')).to.equal(false);
      // Between two attempts nobody stands in line behind it.
      const rows = await sql('set lock_timeout = 400', 'select * from busy');
      expect(rows).to.deep.equal([]);
    }
    const { steps } = await up;
    expect(steps[0]?.attempts).to.equal(said('table-locked').length + 1);
    expect(said('statement').filter((event) => 'index' in event && event.index === 1)).to.have.length(
      steps[0]?.attempts ?? 0,
    );
    expect(await sql('select version from db_resilience_migrations')).to.have.length(1);
  });

  it('begins all of it again where it was the victim of a deadlock', async () => {
    await sql('create table a (id int)', 'create table b (id int)');
    await write({ '001_a.sql': 'lock table a;\nlock table b;\nalter table b add column n int;' });
    await using holder = await connected(`set deadlock_timeout = '60s'`, 'begin', 'lock table b');
    const up = manager({ lockTimeoutMs: 20_000 }).up();
    await eventually(() => said('statement').length === 2, 10_000, 'it has the first table');
    await holder.client.query('lock table a');
    await eventually(() => said('table-locked').length === 1, 10_000, 'it was the victim');
    await holder.client.query('commit');
    expect((await up).steps[0]?.attempts).to.be.within(2, 3);
  });

  it('tells how often and how long it tried, where a table cannot be had at all', async () => {
    await sql('create table busy (id int)');
    await write({ '001_a.sql': 'alter table busy add column n int;' });
    await using _holder = await connected('begin', 'select * from busy');
    const { error, ms } = await settled(manager({ lockTimeoutMs: 50, lockRetryMs: 1_500 }).up(), 20_000);
    expect(error).to.include({ code: 'DB_MIGRATION_LOCKED', file: '001_a.sql', line: 1, column: 1, version: 1 });
    // Not longer than it may, but for its last attempt.
    expect(error).to.have.property('waitedMs').that.is.within(500, 3_000);
    const attempts = said('table-locked').length + 1;
    for (const [index, event] of said('table-locked').entries()) {
      const longest = 1_000 * 1.5 ** index;
      expect(event)
        .to.include({ attempt: index + 1 })
        .and.have.property('pause_ms')
        .that.is.within(longest / 2, longest);
    }
    expect(error?.message).to.match(
      new RegExp(`ALTER TABLE could not have its lock, ${String(attempts)} times in \\d+ ms`),
    );
    expect(error?.message).to.match(/pg_locks.*--lock-retry/);
    expect(ms).to.be.below(6_000);
    expect(said('unlocked')).to.have.length(1);
    await expectNothingLeft();
  });

  it('whose signal is aborted between two attempts for a table, ends at once and leaves nothing', async () => {
    await sql('create table busy (id int)');
    await write({ '001_a.sql': 'create table a (id int);\nalter table busy add column n int;' });
    await using _holder = await connected('begin', 'select * from busy');
    const controller = new AbortController();
    let abortedAt = 0;
    const onProgress = ({ kind }: MigrationEvent): void => {
      if (kind !== 'table-locked') return;
      abortedAt = performance.now();
      controller.abort();
    };
    const { error } = await settled(
      manager({ lockTimeoutMs: 50, onProgress }).up({ signal: controller.signal }),
      10_000,
    );
    expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'not-executed' });
    expect(performance.now() - abortedAt, 'it does not sit its pause out').to.be.below(450);
    await expectNothingLeft();
    expect(await isThere('a')).to.equal(false);
  });

  it('whose signal is aborted has given its lock back by the time it says so', async () => {
    await write({ '001_a.sql': 'create table a (id int);\nselect pg_sleep(60);' });
    const controller = new AbortController();
    const up = settled(manager().up({ signal: controller.signal }), 10_000);
    await eventually(() => said('statement').length === 2, 10_000, 'it sleeps');
    controller.abort();
    expect((await up).error).to.include({ code: 'DB_CANCELLED', outcome: 'rolled-back' });
    expect((await sessions()).filter(({ locks }) => locks > 0)).to.deep.equal([]);
    await write({ '001_a.sql': 'create table a (id int);' });
    expect((await manager({ waitMs: 0 }).up()).to).to.equal(1);
  });

  for (const [name, marker] of Object.entries({ 'in a transaction': '', 'without one': ' transaction:false' })) {
    it(`is refused where another has written the history although it has the lock, ${name}`, async () => {
      await write({
        '001_a.sql': 'create table a (id int);',
        '002_b.sql': `-- migrate:up${marker}\ncreate table b (id int);`,
      });
      await manager().migrateTo(1);
      await using other = await connected(
        'begin',
        `insert into db_resilience_migrations (version, label, name, direction, outcome, checksum, statements, statements_done,
         started_at, duration_ms, database_user, operator, package_version)
       select 9, '009', 'i', 'up', 'done', '', 1, 1, now(), 1, '', '', '' from db_resilience_migrations`,
      );
      events = [];
      const up = failureOf(manager({ lockTimeoutMs: 20_000 }).up());
      const waits = async () =>
        (
          await sql(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        and query like 'lock table%'`)
        ).length === 1;
      await eventually(waits, 10_000, 'it has read, and waits for the history');
      await other.client.query('commit');
      const error = await up;
      expect(error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'pooler' });
      expect(error.message).to.match(/Another process has written public\.db_resilience_migrations.*migrationUrl/);
      expect(await isThere('b')).to.equal(false);
    });
  }

  it('runs with time limits of its own, whatever database and role have for the application', async () => {
    const name = new URL(database).pathname.slice(1);
    await sql(
      ...[
        'default_transaction_read_only = on',
        `statement_timeout = '2s'`,
        `lock_timeout = '50ms'`,
        'search_path = nowhere',
        `default_transaction_isolation = 'serializable'`,
      ].map((setting) => `alter database ${name} set ${setting}`),
    );
    await write({
      '001_a.sql': `create table public.told as select name, setting from pg_settings where name in
        ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'tcp_keepalives_idle', 'application_name',
         'transaction_isolation', 'search_path');`,
    });
    await manager({ lockTimeoutMs: 321, statementTimeoutMs: 4_321 }).up();
    const told = await sql<{ name: string; setting: string }>('set statement_timeout = 0', 'select * from public.told');
    expect(Object.fromEntries(told.map(({ name: setting, setting: value }) => [setting, value]))).to.deep.equal({
      statement_timeout: '4321',
      lock_timeout: '321',
      idle_in_transaction_session_timeout: '60000',
      tcp_keepalives_idle: '30',
      application_name: 'db-resilience migrations',
      transaction_isolation: 'read committed',
      search_path: 'nowhere',
    });
  });

  describe('of a role that is none of the first', () => {
    const role = 'migrator_of_an_app';
    let url: string;

    beforeEach(async () => {
      await sql(
        `create role owner_of_an_app`,
        `create role ${role} login password 'x' in role owner_of_an_app`,
        `grant create on schema public to owner_of_an_app, ${role}`,
      );
      const as = new URL(database);
      as.username = role;
      as.password = 'x';
      url = as.href;
    });
    afterEach(() => sql(`drop owned by ${role}, owner_of_an_app`, `drop role ${role}`, 'drop role owner_of_an_app'));

    for (const [name, marker] of Object.entries({ 'in a transaction': '', 'without one': ' transaction:false' })) {
      it(`may set another role, which has no right on the history, ${name}`, async () => {
        await write({
          '001_a.sql': `-- migrate:up${marker}\nset role owner_of_an_app;\ncreate table a (id int);\ncreate table a2 (id int);\n-- migrate:down${marker}\ndrop table a, a2;\n`,
          '002_b.sql': 'create table b (id int);',
        });
        await managerOf(url, folder.directory).up();
        const owners = await sql<{ told: string }>(
          `select tablename || ' ' || tableowner as told from pg_tables where schemaname = 'public' order by 1`,
        );
        expect(owners.map(({ told }) => told)).to.deep.equal([
          'a owner_of_an_app',
          'a2 owner_of_an_app',
          `b ${role}`,
          `db_resilience_migrations ${role}`,
        ]);
        const users = await sql('select distinct database_user from db_resilience_migrations');
        expect(users).to.deep.equal([{ database_user: role }]);
      });
    }

    it('may set another role and then make an index without a transaction, and go on after a failure', async () => {
      await write({
        '001_a.sql': `-- migrate:up transaction:false\nset role owner_of_an_app;\ncreate table a (id int);\ninsert into a values (1), (1);
          create unique index concurrently a_id on a (id);`,
      });
      expect((await failureOf(managerOf(url, folder.directory).up())).message).to.match(/\(23505\)/);
      await sql('delete from a', 'insert into a values (1)');
      expect((await managerOf(url, folder.directory).up()).to).to.equal(1);
      const rows = await sql('select outcome, statements_done, in_doubt from db_resilience_migrations');
      expect(rows).to.deep.equal([{ outcome: 'done', statements_done: 4, in_doubt: false }]);
    });
  });
});
