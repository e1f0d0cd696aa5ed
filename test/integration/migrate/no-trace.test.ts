import { expect } from 'chai';
import { allKinds } from '../../support/all-kinds.js';
import { catalogueOf, dumpOf, expectSame, rowsOf } from '../../support/catalogue.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { failureOf } from '../compat/failure-of.js';

const failing = '-- migrate:up\ncreate table shop.late (id int);\ninsert into shop.late values (1);\nselect 1 / 0;\n';

describe('what leaves no trace', function () {
  this.timeout(60_000);
  let folder: MigrationFolder;
  let database: string;

  before(async () => {
    folder = await MigrationFolder.make(allKinds);
  });
  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
  });
  after(() => folder[Symbol.asyncDispose]());

  async function leavesNoTrace<T>(work: () => Promise<T>): Promise<T> {
    const server = await sharedPostgres();
    const look = async () => ({
      catalogue: await catalogueOf(database),
      rows: await rowsOf(database),
      dump: await dumpOf(server, database),
    });
    const before = await look();
    const result = await work();
    const after = await look();
    expectSame(before.catalogue, after.catalogue, 'the catalogue');
    expectSame(before.rows, after.rows, 'the rows');
    expectSame(before.dump, after.dump, 'the dump');
    const [left] = await runSql<{ count: string }>(
      database,
      `select count(*)::text from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and backend_type = 'client backend' and state <> 'idle'`,
    );
    expect(left?.count, 'sessions that still work').to.equal('0');
    return result;
  }

  const states: Record<string, number> = { 'an empty database': 0, 'a half migrated one': 3, 'one that has all': 6 };
  for (const [name, version] of Object.entries(states)) {
    describe(`on ${name}`, () => {
      beforeEach(async () => {
        if (version > 0) await managerOf(database, folder.directory).migrateTo(version);
      });

      it('status, and it tells the state', async () => {
        const status = await leavesNoTrace(() => managerOf(database, folder.directory).status());
        expect(status).to.include({ version, newest: 6, pending: 6 - version });
        expect(status.problems).to.deep.equal([]);
      });

      for (const to of [0, 2, -1]) {
        it(`plan(${String(to)})`, async () => {
          const plan = await leavesNoTrace(() => managerOf(database, folder.directory).plan(to));
          expect(plan).to.include({ from: version, to: to === -1 ? 6 : to });
          expect(plan.steps).to.have.length(Math.abs(plan.to - plan.from));
        });

        it(`migrateTo(${String(to)}, { dryRun })`, async () => {
          const run = await leavesNoTrace(() => managerOf(database, folder.directory).migrateTo(to, { dryRun: true }));
          expect(run.from).to.equal(version);
        });

        it(`rehearse(${String(to)}), with a part that cannot be rehearsed`, async () => {
          const run = await leavesNoTrace(() => managerOf(database, folder.directory).rehearse(to));
          const target = to === -1 ? 6 : to;
          expect(run.from).to.equal(version);
          const concurrently = run.steps.filter((step) => step.version === 4);
          expect(concurrently.every((step) => step.rehearsed === false)).to.equal(true);
          if (target !== version) expect(run.steps.some((step) => step.rehearsed)).to.equal(true);
        });
      }

      it('a rehearsal that fails, and it shows where', async () => {
        await folder.write({ '007_fails.sql': failing });
        try {
          if (version < 4) await folder.remove('004_concurrently.sql');
          await folder.write({
            ...(version < 4 ? { '004_concurrently.sql': '-- migrate:up\nselect 4;\n' } : {}),
          });
          const error = await leavesNoTrace(() => failureOf(managerOf(database, folder.directory).rehearse()));
          expect(error).to.include({
            code: 'DB_MIGRATION_FAILED',
            file: '007_fails.sql',
            line: 4,
            outcome: 'rolled-back',
          });
        } finally {
          await folder.remove('007_fails.sql');
          await folder.write(allKinds);
        }
      });

      it('a rehearsal that is ended by its signal', async () => {
        await folder.write({ '007_slow.sql': 'create table public.slow (id int);\nselect pg_sleep(30);\n' });
        try {
          if (version < 4) await folder.write({ '004_concurrently.sql': '-- migrate:up\nselect 4;\n' });
          await leavesNoTrace(async () => {
            const ending = new AbortController();
            const manager = managerOf(database, folder.directory, {
              onProgress: (event) => {
                if (event.kind === 'statement' && event.version === 7 && event.index > 0) {
                  setTimeout(() => ending.abort(), 100);
                }
              },
            });
            const started = performance.now();
            await failureOf(manager.rehearse(-1, { signal: ending.signal }));
            expect(performance.now() - started).to.be.below(20_000);
          });
        } finally {
          await folder.remove('007_slow.sql');
          await folder.write(allKinds);
        }
      });

      it('status and plan of a folder that is refused', async () => {
        await folder.write({ '006_twice.sql': 'select 1;' });
        try {
          const status = await leavesNoTrace(() => failureOf(managerOf(database, folder.directory).status()));
          expect(status.reason).to.equal('duplicate-version');
          const error = await leavesNoTrace(() => failureOf(managerOf(database, folder.directory).plan()));
          expect(error.reason).to.equal('duplicate-version');
        } finally {
          await folder.remove('006_twice.sql');
        }
      });
    });
  }

  it('status and plan of a role that may only read', async () => {
    const server = await sharedPostgres();
    await managerOf(database, folder.directory).migrateTo(2);
    await runSql(
      database,
      'drop role if exists looks_only',
      "create role looks_only login password 'x' noinherit",
      'grant select on all tables in schema public to looks_only',
    );
    try {
      const url = new URL(database);
      Object.assign(url, { username: 'looks_only', password: 'x' });
      const manager = managerOf(url.href, folder.directory);
      expect((await leavesNoTrace(() => manager.status())).version).to.equal(2);
      expect((await leavesNoTrace(() => manager.plan())).steps).to.have.length(4);
    } finally {
      await runSql(database, 'drop owned by looks_only', 'drop role looks_only');
      void server;
    }
  });

  it('an up that is refused', async () => {
    await folder.write({ '007_ends.sql': 'create table t (id int);\ncommit;\n' });
    try {
      const error = await leavesNoTrace(() => failureOf(managerOf(database, folder.directory).up()));
      expect(error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'transaction-control', line: 2 });
    } finally {
      await folder.remove('007_ends.sql');
    }
  });
});
