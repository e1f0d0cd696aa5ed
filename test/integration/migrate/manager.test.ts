import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { ResilientPool } from '../../../lib/index.js';
import { MigrationManager } from '../../../lib/migrate/index.js';
import type { MigrationEvent, MigrationOptions } from '../../../lib/migrate/index.js';
import { startFaultProxy, startPostgres } from '../../../lib/testing/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import type { MigrationFiles } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';

const library = new URL('../../../lib/migrate/index.js', import.meta.url).href;

describe('MigrationManager', function () {
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
  const isThere = async (table: string) =>
    (await sql(`select 1 where pg_catalog.to_regclass('${table}') is not null`)).length === 1;

  describe('its history', () => {
    it('tells of each way up and down what it was, how long it took, when, and by whom', async () => {
      await write({ '001_a.sql': '-- migrate:up\nselect pg_sleep(0.05);\n-- migrate:down\nselect 1;\nselect 2;\n' });
      const before = Date.now();
      await manager().up();
      await manager().down();
      await manager().up();
      const rows = await sql<Record<string, unknown>>('select * from db_resilience_migrations order by id');
      expect(rows.map(({ direction, outcome }) => [direction, outcome])).to.deep.equal([
        ['up', 'done'],
        ['down', 'done'],
        ['up', 'done'],
      ]);
      const [first] = rows;
      expect(first).to.include({ version: '1', label: '001', name: 'a', statements: 1, statements_done: 1 });
      expect(first?.checksum).to.match(/^[0-9a-f]{64}$/);
      expect(Number(first?.duration_ms)).to.be.within(50, 10_000);
      expect((first?.started_at as Date).getTime()).to.be.within(before - 2_000, Date.now());
      expect(first?.database_user).to.equal('postgres');
      expect(first?.operator).to.match(/^.+@.+$/);
      expect(first?.package_version).to.match(/^\d+\.\d+\.\d+/);
      expect(rows[1]).to.include({ statements: 2 });
      const { migrations, ...status } = await manager().status();
      expect(status).to.deep.include({ table: 'public.db_resilience_migrations', version: 1, newest: 1, pending: 0 });
      expect(migrations[0]).to.include({ state: 'applied', has_way_down: true, transaction: true });
      expect(migrations[0]?.applied_by).to.match(/^postgres \(.+@.+\)$/);
    });

    it('may lie in another schema, and knows nothing of the others then', async () => {
      await write({ '001_a.sql': 'select 1;' });
      await manager({ table: 'My App.the history' }).up();
      expect(await manager().status()).to.include({ version: 0, pending: 1 });
      expect(await manager({ table: 'My App.the history' }).status()).to.include({ version: 1, pending: 0 });
      expect(await isThere('"My App"."the history"')).to.equal(true);
      expect(await isThere('public.db_resilience_migrations')).to.equal(false);
    });

    it('is not written into a table that is something else', async () => {
      await sql('create table db_resilience_migrations (id int)');
      await write({ '001_a.sql': 'create table a (id int);' });
      for (const work of ['up', 'status'] as const) {
        expect(await failureOf(manager()[work]())).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'history' });
      }
      expect(await isThere('a')).to.equal(false);
    });

    it('is told as what the role may not have, where the role may not', async () => {
      await sql(
        'drop role if exists migrator_without_rights',
        "create role migrator_without_rights login password 'x'",
      );
      await sql('revoke create on schema public from public');
      const url = new URL(database);
      url.username = 'migrator_without_rights';
      url.password = 'x';
      await write({ '001_a.sql': 'select 1;' });
      const error = await failureOf(managerOf(url.href, folder.directory).up());
      expect(error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'history' });
      expect(error.message).to.match(/needs CREATE on the schema public/);
      await sql('drop role migrator_without_rights');
    });

    it('is created by initialize(), once', async () => {
      await manager().initialize();
      await manager().initialize();
      expect(await sql('select * from db_resilience_migrations')).to.deep.equal([]);
    });
  });

  describe('a target', () => {
    beforeEach(() =>
      write(
        Object.fromEntries(
          ['1', '2', '3'].map((n) => [
            `00${n}_t.sql`,
            `-- migrate:up\ncreate table t${n} ();\n-- migrate:down\ndrop table t${n};\n`,
          ]),
        ),
      ),
    );

    it('is reached up and down, and said before by dryRun', async () => {
      for (const [target, from, to, steps] of [
        [2, 0, 2, ['up 1', 'up 2']],
        [-1, 2, 3, ['up 3']],
        [1, 3, 1, ['down 3', 'down 2']],
        [1, 1, 1, []],
        [0, 1, 0, ['down 1']],
      ] as const) {
        for (const dryRun of [true, false]) {
          const run = await manager().migrateTo(target, { dryRun });
          expect(run).to.include({ from, to });
          expect(run.steps.map(({ direction, version }) => `${direction} ${String(version)}`)).to.deep.equal(steps);
          expect((await manager().status()).version).to.equal(dryRun ? from : to);
        }
      }
    });

    it('that makes no sense is refused', async () => {
      for (const version of [-2, 1.5, NaN, '1' as unknown as number]) {
        expect(await failureOf(manager().migrateTo(version))).to.include({
          code: 'DB_CONFIGURATION',
          option: 'version',
        });
      }
      for (const count of [0, -1, 0.5]) {
        expect(await failureOf(manager().down(count))).to.include({ code: 'DB_CONFIGURATION', option: 'count' });
      }
      expect(await failureOf(manager().migrateTo(9))).to.include({ reason: 'unknown-version', version: 9 });
    });

    it('of down is as many as there are at the most', async () => {
      expect((await manager().down(5)).steps).to.deep.equal([]);
      await manager().up();
      expect((await manager().down(2)).to).to.equal(1);
      expect((await manager().down(5)).to).to.equal(0);
    });

    it('is kept in one piece: what fails leaves those before it', async () => {
      await write({ '004_bad.sql': 'create table t4 (); select 1/0;' });
      const error = await failureOf(manager().up());
      expect(error).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'rolled-back', version: 4 });
      expect(await manager().status()).to.include({ version: 3, pending: 1 });
      expect(await isThere('t4')).to.equal(false);
    });
  });

  it('repairs: each mark is a row more, and what makes no sense is refused', async () => {
    await write({ '001_a.sql': '-- migrate:up\ncreate table a ();\n-- migrate:down\ndrop table a;\n' });
    const refused = async (version: number, as: 'applied' | 'reverted' | 'accepted') =>
      expect(await failureOf(manager().repair({ version, as }))).to.include({ reason: 'not-as-said' });
    await refused(1, 'reverted');
    await refused(1, 'accepted');
    await refused(7, 'applied');
    expect(await failureOf(manager().repair({ version: 1, as: 'done' as 'applied' }))).to.include({
      code: 'DB_CONFIGURATION',
      option: 'as',
    });
    expect(await isThere('db_resilience_migrations')).to.equal(false);
    expect(await manager().repair({ version: 1, as: 'applied' })).to.include({ version: 1, pending: 0 });
    expect(await isThere('a')).to.equal(false);
    await refused(1, 'applied');
    expect(await manager().repair({ version: 1, as: 'reverted' })).to.include({ version: 0, pending: 1 });
    await manager().up();
    await write({ '001_a.sql': '-- migrate:up\ncreate table a (); -- the same\n-- migrate:down\ndrop table a;\n' });
    expect((await manager().repair({ version: 1, as: 'accepted' })).problems).to.deep.equal([]);
    const rows = await sql<{ told: string }>(
      `select direction || ' ' || outcome as told from db_resilience_migrations order by id`,
    );
    expect(rows.map(({ told }) => told)).to.deep.equal(['up marked', 'down marked', 'up done', 'up marked']);
    expect((await manager().down()).to).to.equal(0);
  });

  it('begins each migration with the settings of a new session, whatever the one before has set', async () => {
    await sql('drop role if exists somebody_else', 'create role somebody_else superuser');
    await write({
      '001_odd.sql': `create schema elsewhere; set search_path = elsewhere; set statement_timeout = 55555; set lock_timeout = 0;
        set role somebody_else; create temp table left_over (id int); prepare p as select 1;
        set default_transaction_isolation = 'serializable'; set statement_timeout = 0; listen x;`,
      '002_next.sql': `create table here as select current_user as who, current_setting('statement_timeout') as st,
        current_setting('lock_timeout') as lt, current_setting('transaction_isolation') as iso,
        to_regclass('left_over')::text as temp, (select count(*)::int from pg_prepared_statements) as prepared;`,
    });
    await manager({ statementTimeoutMs: 77_000, lockTimeoutMs: 700 }).up();
    const [row] = await sql('select * from public.here');
    const expected = { who: 'postgres', st: '77s', lt: '700ms', iso: 'read committed', temp: null, prepared: 0 };
    expect(row).to.deep.equal(expected);
    await sql('drop owned by somebody_else', 'drop role somebody_else');
  });

  describe('time', () => {
    it('of a statement is limited, and a SET in the file goes before', async () => {
      await write({ '001_a.sql': 'create table a ();\nselect pg_sleep(30);' });
      const { error } = await settled(manager({ statementTimeoutMs: 100 }).up(), 10_000);
      expect(error).to.include({ code: 'DB_MIGRATION_FAILED', line: 2, outcome: 'rolled-back' });
      expect(error?.message).to.match(/SELECT failed: canceling statement due to statement timeout \(57014\)/);
      expect(await isThere('a')).to.equal(false);
      await write({ '001_a.sql': 'set local statement_timeout = 0; create table a (); select pg_sleep(0.4);' });
      expect((await manager({ statementTimeoutMs: 100 }).up()).to).to.equal(1);
    });

    it('for a lock is limited: nothing is changed, and it is told where it waited', async () => {
      await sql('create table busy (id int)');
      await write({ '001_a.sql': 'create table a ();\nalter table busy add column n int;' });
      const holder = new pg.Client({ connectionString: database });
      await holder.connect();
      const events: MigrationEvent[] = [];
      try {
        await holder.query('begin; select * from busy');
        const options = {
          lockTimeoutMs: 50,
          lockRetryMs: 2_500,
          onProgress: (event: MigrationEvent) => events.push(event),
        };
        const { error } = await settled(manager(options).up(), 20_000);
        expect(error).to.include({ code: 'DB_MIGRATION_LOCKED', version: 1, line: 2, retryable: true });
        const tries = events.filter(({ kind }) => kind === 'table-locked');
        expect(tries.length).to.be.within(1, 5);
        expect(tries[0])
          .to.include({ version: 1, line: 2, tag: 'ALTER TABLE', attempt: 1 })
          .and.have.property('pause_ms')
          .that.is.within(500, 1000);
        expect(await isThere('a')).to.equal(false);
        const { error: once } = await settled(manager({ lockTimeoutMs: 50, lockRetryMs: 0 }).up(), 5_000);
        expect(once?.message).to.match(/ALTER TABLE could not have its lock, 1 times/);
      } finally {
        await holder.end();
      }
      expect((await manager().up()).to).to.equal(1);
    });

    it('for another process is limited, and it is told who that is', async () => {
      await write({ '001_a.sql': 'select pg_sleep(3);' });
      const first = manager().up();
      await eventually(
        async () =>
          (
            await sql(`select 1 from pg_stat_activity where query = 'select pg_sleep(3)'
          and datname = current_database()`)
          ).length > 0,
        10_000,
        'the first one works',
      );
      const waiting: MigrationEvent[] = [];
      const { error, ms } = await settled(
        manager({ waitMs: 300, onProgress: (event) => waiting.push(event) }).up(),
        10_000,
      );
      expect(error).to.include({ code: 'DB_MIGRATION_LOCKED' });
      expect(error?.message).to.match(/pid \d+/);
      expect(ms).to.be.within(250, 2_500);
      expect(waiting.map(({ kind }) => kind))
        .to.include('waiting')
        .and.not.include('locked');
      const { value } = await settled(manager().up(), 20_000);
      expect(value?.steps, 'the other one has done it').to.deep.equal([]);
      expect((await first).steps).to.have.length(1);
    });
  });

  describe('whose signal is aborted', () => {
    const running = async () =>
      (await sql(`select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`))
        .length;

    it('before it begins, does nothing', async () => {
      await write({ '001_a.sql': 'select 1;' });
      const error = await failureOf(manager().up({ signal: AbortSignal.abort() }));
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'not-executed' });
    });

    it('while it connects, gives up', async () => {
      await using silent = await startFaultProxy({ target: await sharedPostgres() });
      silent.blackHole();
      await write({ '001_a.sql': 'select 1;' });
      const unreachable = managerOf(silent.connectionString(await sharedPostgres()), folder.directory);
      const { error, ms } = await settled(unreachable.up({ signal: AbortSignal.timeout(100) }), 5_000);
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'not-executed' });
      expect(ms).to.be.lessThan(2_000);
    });

    it('while a statement runs, cancels it on the server and leaves nothing', async () => {
      await write({ '001_a.sql': 'create table a (); select pg_sleep(60);' });
      const controller = new AbortController();
      const up = manager().up({ signal: controller.signal });
      up.catch(() => undefined);
      const sleeps = `select from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(60)'
        and wait_event = 'PgSleep'`;
      await eventually(async () => (await sql(sleeps)).length === 1, 10_000, 'the statement runs');
      controller.abort();
      const { error, ms } = await settled(up, 10_000);
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'rolled-back' });
      expect(ms).to.be.lessThan(4_000);
      await eventually(async () => (await running()) === 0, 4_000, 'the session is gone');
      expect(await isThere('a')).to.equal(false);
      await write({ '001_a.sql': 'create table a ();' });
      expect((await manager().up()).to).to.equal(1);
    });

    it('while it waits for another process, gives up', async () => {
      await write({ '001_a.sql': 'select pg_sleep(2);' });
      const first = manager().up();
      await eventually(async () => (await running()) > 0, 5_000, 'the first one is there');
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { error } = await settled(manager().up({ signal: AbortSignal.timeout(200) }), 5_000);
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'not-executed' });
      await first;
    });
  });

  it('tells a constraint that is checked at COMMIT', async () => {
    await write({
      '001_a.sql': `create table a (id int primary key deferrable initially deferred);
        insert into a values (1), (1);`,
    });
    for (const work of ['rehearse', 'up'] as const) {
      const error = await failureOf(manager()[work]());
      expect(error).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'rolled-back', version: 1 });
      expect(error.message).to.match(/(?:COMMIT|SET CONSTRAINTS ALL IMMEDIATE) failed: duplicate key/);
    }
    expect(await isThere('a')).to.equal(false);
  });

  it('refuses a way down that is no SQL on the day that it is written', async () => {
    await write({ '001_a.sql': '-- migrate:up\nselect 1;\n-- migrate:down\ndrop tabel a;\n' });
    const expected = { reason: 'syntax', file: '001_a.sql', line: 4 };
    expect(await failureOf(manager().up())).to.include(expected);
    expect((await manager().status()).problems[0]).to.include({ ...expected, version: 1 });
  });

  describe('its connection', () => {
    beforeEach(() => write({ '001_a.sql': 'create table a ();' }));

    it('is not of the pool, which may be worn out, and keeps none of its limits', async () => {
      const pool = new ResilientPool({ connectionString: database, max: 1, min: 0, queryTimeoutMs: 50 });
      const client = await pool.connect();
      await write({ '001_a.sql': 'create table a (); select pg_sleep(0.3);' });
      expect((await new MigrationManager(pool, { directory: folder.directory }).up()).to).to.equal(1);
      client.release();
      await pool.end();
    });

    it('has the password of a function, and TLS, as the pool has', async () => {
      await using server = await startPostgres({ tls: true });
      const pool = new ResilientPool({
        host: 'localhost',
        port: server.port,
        user: server.user,
        database: server.database,
        password: () => Promise.resolve(server.password),
        ssl: { ca: server.tlsCertificate },
        min: 0,
      });
      await write({
        '001_a.sql': 'create table a as select ssl from pg_stat_ssl where pid = pg_backend_pid();',
      });
      await new MigrationManager(pool, { directory: folder.directory }).up();
      expect(await server.query('select * from a')).to.deep.equal([{ ssl: true }]);
      await pool.end();
    });

    it('goes where migrationUrl says, else MIGRATION_URL, else where the pool goes', async () => {
      const nowhere = new pg.Pool({ connectionString: 'postgres://nobody:secret-word@127.0.0.1:1/none' });
      const lost = await failureOf(new MigrationManager(nowhere, { directory: folder.directory }).up());
      expect(lost).to.include({ code: 'DB_CONNECTION_LOST' });
      expect(lost.message).to.not.include('secret-word');
      const options = { directory: folder.directory, migrationUrl: database };
      expect((await new MigrationManager(nowhere, options).status()).pending).to.equal(1);
      process.env.MIGRATION_URL = database;
      try {
        const fromEnvironment = new MigrationManager(nowhere, { directory: folder.directory });
        expect((await fromEnvironment.up()).to).to.equal(1);
      } finally {
        delete process.env.MIGRATION_URL;
      }
      for (const url of ['secret-word', 'http://secret-word@x/y']) {
        const wrong = { directory: folder.directory, migrationUrl: url };
        expect(() => new MigrationManager(nowhere, wrong))
          .to.throw(/^migrationUrl: received \[redacted\]/)
          .and.include({ code: 'DB_CONFIGURATION', option: 'migrationUrl' });
      }
    });

    it('lets the process end when its work is done, or has failed', async () => {
      for (const directory of [folder.directory, `${folder.directory}/gone`]) {
        const code = `import { MigrationManager } from ${JSON.stringify(library)};
          const options = { connectionString: ${JSON.stringify(database)} };
          await new MigrationManager({ options }, { directory: ${JSON.stringify(directory)} }).up().catch((e) => console.log(e.reason));
          console.log('done');`;
        const args = ['--input-type=module', '--eval', code];
        const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
        expect(stdout).to.match(/done\n$/);
      }
    });
  });

  it('does what is asked of it twice at once, once', async () => {
    await write({ '001_a.sql': 'create table a ();', '002_b.sql': 'create table b ();' });
    const one = manager();
    const runs = await Promise.all([one.up(), one.up(), manager().up()]);
    expect(runs.flatMap(({ steps }) => steps).map(({ version }) => version)).to.deep.equal([1, 2]);
    expect(runs.map(({ to }) => to)).to.deep.equal([2, 2, 2]);
  });

  it('stops before the next migration where another has written the history although this one has the lock', async () => {
    await write({ '001_a.sql': 'create table a ();', '002_b.sql': 'create table b ();' });
    const script = `import pg from 'pg';
      const client = new pg.Client(${JSON.stringify(database)});
      await client.connect();
      await client.query(\`insert into db_resilience_migrations (version, label, name, direction, outcome, checksum, statements,
        statements_done, started_at, duration_ms, database_user, operator, package_version)
        values (2, '002', 'b', 'up', 'done', 'x', 1, 1, now(), 1, 'x', 'x', 'x')\`);
      await client.end();`;
    // A callback is not awaited, and this has to be done before the next one begins.
    const onProgress = ({ kind }: MigrationEvent) => {
      if (kind === 'done') execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
    };
    const error = await failureOf(manager({ onProgress }).up());
    expect(error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'pooler' });
    expect(error.message).to.match(/although this one has the lock.*migrationUrl/);
    expect(await isThere('a')).to.equal(true);
    expect(await isThere('b')).to.equal(false);
  });

  it('refuses options that make no sense, and names them', () => {
    const cases: [unknown, string][] = [
      [{}, 'directory'],
      [{ directory: 3 }, 'directory'],
      [{ directory: 'x', lockTimeoutMs: 0 }, 'lockTimeoutMs'],
      [{ directory: 'x', waitMs: -1 }, 'waitMs'],
      [{ directory: 'x', statementTimeoutMs: 86_400_001 }, 'statementTimeoutMs'],
      [{ directory: 'x', table: 'a.b.c' }, 'table'],
      [{ directory: 'x', table: '' }, 'table'],
      [{ directory: 'x', table: 'ü'.repeat(32) }, 'table'],
      [{ directory: 'x', onProgress: 1 }, 'onProgress'],
      [{ directory: 'x', dir: 'y' }, 'dir'],
      ['x', 'options'],
    ];
    for (const [options, option] of cases) {
      expect(() => new MigrationManager({ options: {} as pg.PoolOptions }, options as MigrationOptions), option)
        .to.throw()
        .and.include({ code: 'DB_CONFIGURATION', option });
    }
  });
});
