import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import type { MigrationPlan, MigrationRun, MigrationStatus } from '../../../lib/migrate/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { runProgram, start } from './program.js';

const users = `-- migrate:up
create table users (id int primary key, name text);
-- migrate:down
drop table users;
`;
const index = `-- migrate:up transaction:false
create index concurrently users_name on users (name);
-- migrate:down transaction:false
drop index concurrently users_name;
`;

describe('the program db-resilience migrate', function () {
  this.timeout(120_000);

  let postgres: PostgresServer;
  let admin: pg.Client;
  let database: string;
  let url: string;
  let folder: string;
  let count = 0;

  before(async () => {
    postgres = await sharedPostgres();
    admin = new pg.Client(postgres.connectionString);
    await admin.connect();
  });

  after(() => admin.end());

  beforeEach(async () => {
    database = `cli_${String(process.pid)}_${String(++count)}`;
    await admin.query(`create database ${database}`);
    url = postgres.connectionString.replace(/\/postgres$/, `/${database}`);
    folder = await mkdtemp(join(tmpdir(), 'db-resilience-cli-'));
    await files({ '001_users.sql': users, '002_users_name.sql': index });
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
    await admin.query(`drop database ${database} with (force)`);
  });

  async function files(texts: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  }

  const migrate = (...argv: string[]) => runProgram(['migrate', ...argv, '--dir', folder], { DATABASE_URL: url });

  async function json<Report>(...argv: string[]): Promise<{ code: number | null; report: Report }> {
    const { code, out } = await migrate(...argv, '--json');
    return { code, report: JSON.parse(out) as Report };
  }

  async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  const hasUsers = () =>
    withClient(async (client) => {
      const { rows } = await client.query<{ there: boolean }>(`select to_regclass('users') is not null as there`);
      return rows[0]?.there;
    });

  it('applies, tells the state, reverts, and exits with 0', async () => {
    const up = await migrate('up');
    expect(up).to.include({ code: 0 });
    expect(up.out)
      .to.match(/^001 +users +applied /m)
      .and.match(/^002 +users_name +applied /m);
    expect(up.err)
      .to.include('up 001_users: statement 1 of 1, line 2, CREATE TABLE\n')
      .and.include('up 002_users_name: done');
    expect((await migrate('up')).out).to.equal('Nothing to do: the database is at version 2.\n');

    const status = await json<MigrationStatus>('status');
    expect(status.report).to.include({ version: 2, newest: 2, pending: 0 });
    expect(status.report.migrations.map(({ state }) => state)).to.deep.equal(['applied', 'applied']);

    expect((await json<MigrationRun>('down')).report).to.include({ from: 2, to: 1 });
    expect((await json<MigrationRun>('to', '0')).report).to.include({ from: 1, to: 0 });
    expect(await hasUsers()).to.equal(false);
    expect((await json<MigrationRun>('to', '001')).report).to.include({ from: 0, to: 1 });
    expect((await json<MigrationRun>('to', '-1')).report).to.include({ from: 1, to: 2 });
  });

  it('verifies with the exit code 3 until all is applied, and again after an edit', async () => {
    expect((await migrate('verify')).code).to.equal(3);
    await migrate('up');
    expect((await migrate('verify')).code).to.equal(0);
    await files({ '001_users.sql': users.replace('name text', 'name varchar') });
    const verified = await migrate('verify');
    expect(verified.code).to.equal(3);
    expect(verified.out).to.match(/^001 +users +edited /m);

    const listed = await migrate('repair');
    expect(listed.code).to.equal(3);
    expect(listed.out).to.include(`$ db-resilience migrate repair 1 --as accepted --dir ${folder}\n`);
    expect((await migrate('up')).code, 'refused').to.equal(3);
    expect((await migrate('repair', '1', '--as', 'accepted')).code).to.equal(0);
    expect((await migrate('verify')).code).to.equal(0);
    expect((await migrate('repair')).out).to.equal('Nothing is to be repaired.\n');
  });

  it('plans without a trace, and exits with 3 under --strict where something is dangerous', async () => {
    await migrate('up');
    await withClient((client) => client.query('insert into users select n from generate_series(1, 20000) n'));
    await files({ '003_wide.sql': `-- migrate:up\nalter table users alter column id type bigint;\n` });
    const plan = await json<MigrationPlan>('plan');
    expect(plan.code).to.equal(0);
    expect(plan.report.steps.map(({ version }) => version)).to.deep.equal([3]);
    expect(plan.report.warnings).to.not.deep.equal([]);
    const strict = await migrate('plan', '--strict');
    expect(strict.code).to.equal(3);
    expect(strict.out)
      .to.match(/^ {8}! line 2: /m)
      .and.match(/^ {10}Instead: /m);
    expect((await json<MigrationStatus>('status')).report.pending).to.equal(1);
  });

  it('rehearses, and changes nothing', async () => {
    await files({ '002_users_name.sql': 'alter table users add column email text;' });
    const { code, report } = await json<MigrationRun>('rehearse');
    expect(code).to.equal(0);
    expect(report.steps.map(({ rehearsed }) => rehearsed)).to.deep.equal([true, true]);
    expect(await hasUsers()).to.equal(false);
  });

  it('exits with 1 where a migration fails, shows where, keeps what was done before, and no literal', async () => {
    await files({ '003_bad.sql': `-- migrate:up\ninsert into users (id, nope)\n  values (1, 'hunter2');\n` });
    const { code, out, err } = await migrate('up');
    expect({ code, out }).to.deep.equal({ code: 1, out: '' });
    expect(err)
      .to.include('error: 003_bad.sql:2:24: ')
      .and.include([' 2 | insert into users (id, nope)', '   |                        ^'].join('\n'));
    expect(err).to.include('Done before, and it stays: up 001_users, up 002_users_name.').and.not.include('hunter2');
    expect(err).to.not.match(/^ +at /m);
    const { report } = await json<{ error: object }>('up');
    expect(report.error).to.include({ code: 'DB_MIGRATION_FAILED', file: '003_bad.sql', line: 2, column: 24 });
  });

  it('exits with 3 where it is refused, and shows the place of a syntax error without literals', async () => {
    await files({ '003_bad.sql': `-- migrate:up\nalter table users add colum b int default 'hunter2' nonsense;\n` });
    const { code, err } = await migrate('up');
    expect(code).to.equal(3);
    expect(err)
      .to.match(/^error: 003_bad\.sql:2:\d+: /m)
      .and.include(` 2 | alter table users add colum b int default '·······'`);
    expect(err).to.not.include('hunter2');
    expect(await hasUsers()).to.equal(false);
    expect((await runProgram(['migrate', 'up', '--dir', join(folder, 'none')], { DATABASE_URL: url })).code).to.equal(
      3,
    );
  });

  it('exits with 4 where another process has the lock, and where a table cannot be had', async () => {
    await files({ '003_slow.sql': '-- migrate:up\nselect pg_sleep(60);' });
    const first = start(['migrate', 'up', '--dir', folder], { DATABASE_URL: url });
    await first.says('up 003_slow: statement 1 of 1');
    const second = await migrate('up', '--wait', '300');
    expect(second.code).to.equal(4);
    expect(second.err).to.match(/^waiting for another process \(server process \d+\) that migrates this database\n/);
    expect((await json<{ error: object }>('up', '--wait', '0')).report.error).to.include({
      code: 'DB_MIGRATION_LOCKED',
    });
    first.child.kill('SIGINT');
    expect((await first.ended).code).to.equal(130);

    await files({ '003_slow.sql': '-- migrate:up\nalter table users add column email text;' });
    await withClient(async (client) => {
      await client.query('begin; select from users');
      const { code, err } = await migrate('up', '--lock-timeout', '100', '--lock-retry', '1500');
      expect(code).to.equal(4);
      expect(err).to.include('up 003_slow: no lock on a table (line 2, ALTER TABLE); undone, attempt 2 in ');
    });
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`cancels and undoes what runs at ${signal}, and exits with 130`, async () => {
      const slow = '-- migrate:up\nalter table users add column email text;\nselect pg_sleep(60);';
      await files({ '003_slow.sql': slow });
      const program = start(['migrate', 'up', '--dir', folder], { DATABASE_URL: url });
      await program.says('up 003_slow: statement 2 of 2');
      program.child.kill(signal);
      const { code, out, err } = await program.ended;
      expect({ code, out }).to.deep.equal({ code: 130, out: '' });
      expect(err).to.include('Cancelling what runs. Ctrl-C again exits at once.\nInterrupted. ');
      const columns = await withClient((client) =>
        client.query(`select from information_schema.columns where table_name = 'users'`),
      );
      expect(columns.rowCount, 'id and name').to.equal(2);
      expect((await json<MigrationStatus>('status')).report).to.include({ version: 2, pending: 1 });
    });
  }

  it('exits at once at the second signal', async () => {
    // A server that stands still answers no cancel request.
    await files({ '003_slow.sql': '-- migrate:up\nselect pg_sleep(60);' });
    const program = start(['migrate', 'up', '--dir', folder], { DATABASE_URL: url });
    await program.says('up 003_slow: statement 1 of 1');
    // It says so before it sends it.
    let pid = 0;
    const isSent = async (): Promise<boolean> => {
      const { rows } = await admin.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = $1 and query like 'select pg_sleep%'`,
        [database],
      );
      pid = rows[0]?.pid ?? 0;
      return pid > 0;
    };
    await eventually(isSent, 10_000, 'the statement runs');
    process.kill(pid, 'SIGSTOP');
    try {
      program.child.kill('SIGINT');
      await program.says('Cancelling what runs');
      const began = performance.now();
      program.child.kill('SIGINT');
      expect((await program.ended).code).to.equal(130);
      expect(performance.now() - began).to.be.below(2000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('goes to the URL of --url, else of MIGRATION_URL, else of DATABASE_URL, else where the PG* variables say', async () => {
    const nowhere = 'postgres://nobody@127.0.0.1:1/none';
    const args = ['migrate', 'status', '--dir', folder];
    const { host, port, user, password } = postgres;
    const pgVariables = {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
    };
    const codes = [
      await runProgram([...args, '--url', url], { MIGRATION_URL: nowhere, DATABASE_URL: nowhere }),
      await runProgram(args, { MIGRATION_URL: url, DATABASE_URL: nowhere }),
      await runProgram(args, { DATABASE_URL: url }),
      await runProgram(args, pgVariables),
      await runProgram([...args, '--url', nowhere], { MIGRATION_URL: url, ...pgVariables }),
    ].map(({ code }) => code);
    expect(codes).to.deep.equal([0, 0, 0, 0, 1]);
  });

  it('exits with 1 where the database cannot be had, and shows neither URL nor password', async () => {
    const wrong = {
      'a closed port': 'postgres://someone:hunter2@127.0.0.1:1/none',
      'a wrong database': url.replace(/\/[^/]+$/, '/cli_none'),
      'a wrong password': url.replace(/:[^:@]+@/, ':hunter2@'),
    };
    for (const [title, given] of Object.entries(wrong)) {
      for (const more of [[], ['--json']]) {
        const { code, out, err } = await runProgram(['migrate', 'status', '--dir', folder, '--url', given, ...more]);
        expect(code, title).to.equal(1);
        expect(out + err, title)
          .to.not.include('hunter2')
          .and.not.include(postgres.password)
          .and.not.include('://');
        expect(err).to.not.match(/^ +at /m);
        if (more.length > 0) expect(JSON.parse(out)).to.have.nested.property('error.message').that.is.not.empty;
        else expect(err).to.match(/^error: .+\n$/);
      }
    }
  });

  it('writes the next migration without a database', async () => {
    const { code, out } = await runProgram(['migrate', 'create', 'add email', '--dir', folder]);
    expect({ code, out }).to.deep.equal({ code: 0, out: `${join(folder, '003_add_email.sql')}\n` });
  });

  it('ends by itself where nobody reads what it prints', async () => {
    const program = start(['migrate', 'up', '--dir', folder], { DATABASE_URL: url });
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    expect((await program.ended).code).to.equal(0);
    expect(await hasUsers()).to.equal(true);
  });
});
