import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Connect, Migrations } from '../../../lib/cli/migrate/connect.js';
import { run } from '../../../lib/cli/run.js';
import { CancelledError, ConfigurationError, ConnectionLostError } from '../../../lib/errors/errors.js';
import {
  MigrationFailedError,
  MigrationLockedError,
  MigrationRefusedError,
} from '../../../lib/errors/migration-errors.js';
import type { MigrationStatus } from '../../../lib/migrate/reports.js';
import { fakeTerminal } from './fake-terminal.js';
import { connectTo, migrationRun, plan, state, status } from './fixtures.js';

const edited = status(
  [state(1, { state: 'edited' })],
  [{ reason: 'edited', version: 1, file: '001_a.sql', line: null, column: null, message: 'It was edited.' }],
);

async function call(
  argv: string,
  connect: Connect | Partial<Migrations> = {},
  given: Parameters<typeof fakeTerminal>[0] = {},
) {
  const terminal = fakeTerminal(given);
  const code = await run(argv.split(' '), terminal, typeof connect === 'function' ? connect : connectTo(connect));
  return { code, out: terminal.stdout.text, err: terminal.stderr.text };
}

const failing = (error: Error): Partial<Migrations> => ({
  up: async () => {
    throw error;
  },
});

describe('db-resilience migrate', () => {
  describe('exits with', () => {
    const failures: [string, Error, number][] = [
      ['1 for a migration that failed', new MigrationFailedError('no', {}, { outcome: 'rolled-back' }), 1],
      ['1 for a database that is away', new ConnectionLostError('no', { outcome: 'not-executed' }), 1],
      ['1 for what nobody thought of', new TypeError('no'), 1],
      ['2 for a wrong option', new ConfigurationError('table', 'no'), 2],
      ['3 for a refusal', new MigrationRefusedError('gap', 'no'), 3],
      ['4 for a lock', new MigrationLockedError('no', 1), 4],
    ];
    for (const [title, error, expected] of failures) {
      it(title, async () => {
        const { code, out, err } = await call('migrate up', failing(error));
        expect(code).to.equal(expected);
        expect(out).to.equal('');
        expect(err).to.match(/^error: .*no\n/);
      });
    }

    it('130 when it was interrupted, and says what became of it', async () => {
      const interruption = new AbortController();
      const up: Migrations['up'] = (options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () =>
            reject(new CancelledError('The migration was interrupted', { outcome: 'rolled-back' })),
          );
          setImmediate(() => interruption.abort());
        });
      const { code, err } = await call('migrate up', { up }, { signal: interruption.signal });
      expect(code).to.equal(130);
      expect(err).to.match(/^Cancelling what runs.*\nInterrupted\. What ran was cancelled;.*undone/);
    });

    for (const argv of [
      'migrate',
      'migrate stauts',
      'migrate up --tabel x',
      'migrate up extra',
      'migrate to',
      'migrate to 1.5',
      'migrate to -2',
      'migrate down 0',
      'migrate down -1',
      'migrate up --lock-timeout 0',
      'migrate up --lock-timeout 60001',
      'migrate up --wait 1e3',
      'migrate repair 3',
      'migrate repair --as applied',
      'migrate repair 3 --as done',
      'migrate repair 0 --as applied',
      'migrate create',
    ]) {
      it(`2 for "${argv}"`, async () => {
        const { code, out, err } = await call(argv);
        expect({ code, out }).to.deep.equal({ code: 2, out: '' });
        expect(err).to.not.equal('');
        const json = await call(`${argv} --json`);
        expect(json.code).to.equal(2);
        expect(json.err).to.equal('');
        expect(JSON.parse(json.out)).to.have.nested.property('error.code', 'USAGE');
      });
    }

    it('3 for verify unless all is applied and unchanged', async () => {
      const verify = async (found: MigrationStatus) =>
        (await call('migrate verify', { status: async () => found })).code;
      expect(await verify(status([state(1)]))).to.equal(0);
      for (const name of ['pending', 'unfinished', 'edited', 'vanished'] as const) {
        expect(await verify(status([state(1), state(2, { state: name })])), name).to.equal(3);
      }
      expect(await verify(status([state(1)], edited.problems))).to.equal(3);
      expect((await call('migrate status', { status: async () => edited })).code, 'status only tells').to.equal(0);
    });

    it('3 for plan --strict where there is a warning, and for repair where something is wrong', async () => {
      expect((await call('migrate plan')).code).to.equal(0);
      expect((await call('migrate plan --strict')).code).to.equal(3);
      expect((await call('migrate plan --strict', { plan: async () => ({ ...plan, warnings: [] }) })).code).to.equal(0);
      expect((await call('migrate repair', { status: async () => edited })).code).to.equal(3);
      expect((await call('migrate repair')).code).to.equal(0);
    });
  });

  it('suggests what was meant', async () => {
    expect((await call('migrate stauts')).err).to.include('Did you mean status?');
    expect((await call('migrate up --tabel x')).err).to.include('Did you mean --table?');
  });

  it('hands on what it was told', async () => {
    const heard: unknown[] = [];
    const hear = async (what: unknown, ...rest: unknown[]) => {
      heard.push(typeof what === 'object' && rest.length === 0 ? { ...what, signal: undefined } : what);
      return migrationRun;
    };
    await call('migrate to 007', { migrateTo: hear });
    await call('migrate to newest', { migrateTo: hear });
    await call('migrate to -1', { migrateTo: hear });
    await call('migrate to 0', { migrateTo: hear });
    await call('migrate down', { down: hear });
    await call('migrate down 3', { down: hear });
    await call('migrate rehearse', { rehearse: hear });
    expect(heard).to.deep.equal([7, -1, -1, 0, 1, 3, -1]);
    const repair: Migrations['repair'] = async ({ version, as }) => {
      heard.push({ version, as });
      return edited;
    };
    expect((await call('migrate repair 3 --as reverted', { repair })).code).to.equal(0);
    expect(heard.at(-1)).to.deep.equal({ version: 3, as: 'reverted' });
  });

  it('closes what it has opened, also after a failure', async () => {
    const closed = { count: 0 };
    await call('migrate status', connectTo({}, closed));
    await call('migrate up', connectTo(failing(new Error('no')), closed));
    expect(closed.count).to.equal(2);
  });

  describe('--json', () => {
    const found: [string, object][] = [
      ['migrate status', status([state(1)])],
      ['migrate verify', status([state(1)])],
      ['migrate plan', plan],
      ['migrate rehearse', migrationRun],
      ['migrate up', migrationRun],
      ['migrate down', migrationRun],
      ['migrate to 1', migrationRun],
      ['migrate repair', { problems: [], repairs: [] }],
      ['migrate repair 1 --as applied', status([state(1)])],
    ];
    for (const [argv, expected] of found) {
      it(`is one document of ${argv}`, async () => {
        expect(JSON.parse((await call(`${argv} --json`)).out)).to.deep.equal(expected);
      });
    }

    it('is one document of an error', async () => {
      const error = new MigrationRefusedError('syntax', 'Oh no.', {
        version: 3,
        file: '003_c.sql',
        line: 4,
        column: 8,
      });
      const { code, out, err } = await call('migrate up --json', failing(error));
      expect({ code, err }).to.deep.equal({ code: 3, err: '' });
      expect(JSON.parse(out)).to.deep.equal({
        error: {
          code: 'DB_MIGRATION_REFUSED',
          reason: 'syntax',
          message: '003_c.sql:4:8: Oh no.',
          file: '003_c.sql',
          line: 4,
          column: 8,
        },
      });
    });
  });

  describe('for people', () => {
    let folder: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'db-resilience-cli-'));
      await writeFile(join(folder, '003_c.sql'), `-- migrate:up\ninsert into t values ('hunter2', foo);\n`);
    });

    after(() => rm(folder, { recursive: true }));

    it('shows the place of an error, without what strings hold, and what stays', async () => {
      const place = { version: 3, file: '003_c.sql', line: 2, column: 34 };
      const error = new MigrationFailedError('column "foo" does not exist', place, { outcome: 'rolled-back' });
      const connect: Connect = (_options, _env, onProgress) => ({
        migrations: connectTo({
          up: async () => {
            onProgress({ kind: 'done', version: 2, label: '002', name: 'b', direction: 'up', duration_ms: 1 });
            throw error;
          },
        })({ dir: folder }, {}, onProgress).migrations,
        close: async () => undefined,
      });
      const { err } = await call(`migrate up --dir ${folder}`, connect);
      expect(err).to.equal(
        [
          'up 002_b: done in 1 ms',
          'error: 003_c.sql:2:34: column "foo" does not exist',
          '',
          ` 2 | insert into t values ('·······', foo);`,
          '   |                                  ^',
          '',
          'Done before, and it stays: up 002_b.',
          '',
        ].join('\n'),
      );
    });

    it('shows the state as a table that fits 80 columns, and the problems below', async () => {
      const long = state(20261126140322, { state: 'unfinished', name: 'a_name_that_is_much_too_long_for_a_terminal' });
      const { out } = await call(
        'migrate status',
        { status: async () => status([state(1), long, state(3, { state: 'pending' })], edited.problems) },
        { isTTY: true, env: { NO_COLOR: '1' } },
      );
      for (const line of out.split('\n')) expect(line.length, line).to.be.at.most(80);
      expect(out).to.match(/^VERSION +NAME +STATE +APPLIED AT \(UTC\) +BY +TOOK\n/);
      expect(out).to.match(/^001 +create_users +applied +2026-11-26 14:03 +postg\S*… +1\.2 s$/m);
      expect(out).to.match(/^003 +create_users +pending +- +- +-$/m);
      expect(out).to.include('1 pending').and.include('1 problem:\n  ! 001_a.sql: It was edited.\n');
    });

    it('shows a plan with its warnings below the statement', async () => {
      const { out } = await call('migrate plan');
      expect(out).to.equal(
        [
          'up 002_add_index (002_add_index.sql, in one transaction)',
          '     2    ALTER TABLE',
          '          alter table users add column email text',
          '    14    CREATE INDEX',
          '          create index on users (email)',
          '        ! line 14: Nobody can write to users until the index is built. [index-not-concurrently]',
          '          Instead: CREATE INDEX CONCURRENTLY, in a migration with transaction:false.',
          '',
          '1 migration, from version 1 to 2. Nothing was changed. ! 1 warning above.',
          '',
        ].join('\n'),
      );
    });

    it('shows a warning whose place is no statement, too', async () => {
      const warnings = plan.warnings.map((one) => ({ ...one, line: 15, column: 3 }));
      expect((await call('migrate plan', { plan: async () => ({ ...plan, warnings }) })).out).to.include(
        '! line 15: Nobody',
      );
    });

    it('tells what was done, and how often it was begun', async () => {
      const { out } = await call('migrate up');
      expect(out).to.match(/^001 +create_users +applied +12 ms$/m);
      expect(out).to.match(/^002 +add_index +applied \(3 attempts\) +3\.0 s$/m);
      expect(out).to.include('2 migrations in 3.1 s: from version 0 to 2.');
    });

    it('takes the line of progress away before the result', async () => {
      const terminal = fakeTerminal({ isTTY: true, env: { NO_COLOR: '1' } });
      const before: string[] = [];
      const write = (text: string) => void before.push(terminal.stderr.text, text);
      const connect: Connect = (options, env, onProgress) => {
        onProgress({ kind: 'history-created', table: 'public.h' });
        return connectTo()(options, env, onProgress);
      };
      await run(['migrate', 'up'], { ...terminal, stdout: { write } }, connect);
      expect(before[0]).to.equal('\r\u001b[2Kcreated the history, public.h\r\u001b[2K');
      expect(before[1]).to.include('2 migrations in 3.1 s');
    });

    it('tells that there was nothing to do', async () => {
      const up = async () => ({ from: 2, to: 2, steps: [], duration_ms: 3 });
      expect((await call('migrate up', { up })).out).to.equal('Nothing to do: the database is at version 2.\n');
    });

    it('tells what a rehearsal could not rehearse', async () => {
      const [first, second] = migrationRun.steps;
      const rehearse = async () => ({
        ...migrationRun,
        steps: [
          { ...first!, rehearsed: true },
          { ...second!, attempts: 1, rehearsed: false },
        ],
      });
      const { out } = await call('migrate rehearse', { rehearse });
      expect(out)
        .to.match(/^001 .*would be applied/m)
        .and.match(/^002 .*no: it has no transaction +-$/m);
      expect(out).to.include('rolled back: nothing is changed.');
    });

    it('lists the commands that mend what is wrong', async () => {
      const broken = status([
        state(1, { state: 'edited' }),
        state(2, { state: 'vanished' }),
        state(3, { state: 'unfinished' }),
      ]);
      const { out } = await call('migrate repair', { status: async () => broken });
      for (const command of ['1 --as accepted', '2 --as reverted', '3 --as applied', '3 --as reverted']) {
        expect(out).to.match(new RegExp(`\\$ db-resilience migrate repair ${command}$`, 'm'));
      }
      expect((await call('migrate repair')).out).to.equal('Nothing is to be repaired.\n');
    });

    it('repeats folder and history in those commands, and no URL', async () => {
      const terminal = fakeTerminal();
      const argv = ['repair', '--dir', "it's here", '--table', 'app.history', '--url', 'postgres://u:hunter2@h/db'];
      await run(['migrate', ...argv], terminal, connectTo({ status: async () => edited }));
      expect(terminal.stdout.text)
        .to.include(`migrate repair 1 --as accepted --dir 'it'\\''s here' --table app.history\n`)
        .and.not.include('hunter2');
    });
  });

  describe('shows no password', () => {
    const secret = 'hunter2';
    for (const argv of [
      `migrate up --ulr=postgres://u:${secret}@h/db`,
      `migrate postgres://u:${secret}@h/db`,
      `migrate to postgres://u:${secret}@h/db`,
      `postgres://u:${secret}@h/db`,
    ]) {
      it(`of "${argv.replace(secret, '…')}"`, async () => {
        for (const text of [await call(argv), await call(`${argv} --json`)]) {
          expect(text.code).to.equal(2);
          expect(text.out + text.err).to.not.include(secret);
        }
      });
    }

    for (const url of [
      `http://u:${secret}@h/db`,
      `postgres://u:${secret}%@h:x/db`,
      `postgres://u:${secret}@h/db?sslmode=x`,
      secret,
    ]) {
      it(`of a URL that cannot be read: ${url.replace(secret, '…')}`, async () => {
        for (const given of [
          { argv: ['migrate', 'status', '--url', url], env: {}, name: '--url' },
          { argv: ['migrate', 'status', '--json'], env: { DATABASE_URL: url }, name: 'DATABASE_URL' },
          {
            argv: ['migrate', 'status'],
            env: { MIGRATION_URL: url, DATABASE_URL: 'postgres:///x' },
            name: 'MIGRATION_URL',
          },
        ]) {
          const terminal = fakeTerminal({ env: given.env });
          expect(await run(given.argv, terminal)).to.equal(2);
          const said = terminal.stdout.text + terminal.stderr.text;
          expect(said).to.include(`${given.name}: received [redacted]`).and.not.include(secret);
        }
      });
    }
  });

  it('shows where a fault of its own is, and no value', async () => {
    const { err } = await call('migrate up', failing(new TypeError('x is not a function, postgres://u:hunter2@h/db')));
    expect(err)
      .to.match(/^error: This is a fault of db-resilience: .*\[hidden\]\n {4}at /)
      .and.not.include('hunter2');
  });

  it('writes the next migration', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'db-resilience-cli-'));
    try {
      expect(await call(`migrate create add_email --dir ${folder}`)).to.deep.equal({
        code: 0,
        out: `${join(folder, '001_add_email.sql')}\n`,
        err: '',
      });
      const { out } = await call(`migrate create more --pair --json --dir ${folder}`);
      expect(JSON.parse(out)).to.deep.equal({
        files: [join(folder, '002_more.up.sql'), join(folder, '002_more.down.sql')],
      });
      const refused = await call(`migrate create ../x --json --dir ${folder}`);
      expect(refused.code).to.equal(3);
      expect(JSON.parse(refused.out)).to.have.nested.property('error.reason', 'file-name');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
