import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import type { Logger } from '../../../lib/core/logger.js';
import { initializeSchema } from '../../../lib/migrate/index.js';
import type { SchemaOptions } from '../../../lib/migrate/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';

describe('initializeSchema', function () {
  this.timeout(60_000);
  let database: string;
  let folder: MigrationFolder;
  let lines: string[];
  let fields: object[];

  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
    folder = await MigrationFolder.make({ '001_a.sql': 'create table a (id int);' });
    lines = [];
    fields = [];
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const logger = (): Logger => {
    const log = (level: string) => (more: object, message: string) => {
      lines.push(`${level}: ${message}`);
      fields.push(more);
    };
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  };
  const initialize = (options: Partial<SchemaOptions> & { signal?: AbortSignal } = {}) =>
    initializeSchema(new pg.Pool({ connectionString: database }), {
      directory: folder.directory,
      logger: logger(),
      ...options,
    });

  it('applies all to an empty database, and says so once', async () => {
    await folder.write({ '002_b.sql': 'create table b (id int);' });
    expect(await initialize()).to.deep.equal({ state: 'initialized', version: 2, applied: 2 });
    expect(lines.filter((line) => line.includes('schema'))).to.deep.equal(['info: Database schema initialized']);
    expect(fields.at(-1)).to.include({ version: 2, applied: 2 }).and.have.property('duration_ms').that.is.a('number');
  });

  it('applies what is pending, and tells that from the beginning', async () => {
    await initialize();
    await folder.write({ '002_b.sql': 'create table b (id int);' });
    lines = [];
    expect(await initialize()).to.deep.equal({ state: 'migrated', version: 2, applied: 1 });
    expect(lines.at(-1)).to.equal('info: Database schema migrated');
  });

  it('says that it has migrated, and not begun, what older code began while it waited', async () => {
    await folder.write({ '001_a.sql': 'create table a (id int); select pg_sleep(0.7);' });
    const older = managerOf(database, folder.directory).migrateTo(1);
    await eventually(
      async () =>
        (
          await runSql(
            database,
            `select from pg_locks where locktype = 'advisory'
          and database = (select oid from pg_database where datname = current_database())`,
          )
        ).length > 0,
      10_000,
      'the older one is at it',
    );
    await folder.write({ '002_b.sql': 'create table b (id int);' });
    expect(await initialize()).to.deep.equal({ state: 'migrated', version: 2, applied: 1 });
    await older;
  });

  it('has nothing to do the second time', async () => {
    await initialize();
    lines = [];
    expect(await initialize()).to.deep.equal({ state: 'up-to-date', version: 1, applied: 0 });
    expect(lines).to.deep.equal(['info: Database schema is up to date']);
  });

  it('is done by one of many', async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => initialize()));
    expect(results.map(({ state }) => state).sort()).to.deep.equal([
      'initialized',
      ...Array<string>(4).fill('up-to-date'),
    ]);
    expect(results.map(({ version }) => version)).to.deep.equal([1, 1, 1, 1, 1]);
  });

  it('warns of a database that is newer, and leaves it', async () => {
    await folder.write({ '002_b.sql': 'create table b (id int);' });
    await initialize();
    await folder.remove('002_b.sql');
    lines = [];
    expect(await initialize()).to.deep.equal({ state: 'newer', version: 2, applied: 0 });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(
      /^warn: The database is newer than this code: it has version 002 \(b\).*the schema is left as it is$/,
    );
  });

  it('warns of a folder that is missing, or has none, and leaves the database untouched', async () => {
    await using empty = await MigrationFolder.make({ 'README.md': 'none yet' });
    for (const directory of [join(folder.directory, 'gone'), empty.directory]) {
      lines = [];
      expect(await initialize({ directory })).to.deep.equal({ state: 'missing', version: undefined, applied: 0 });
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(
        /^warn: The folder of the migrations (?:is missing|has none); the schema is left as it is$/,
      );
      expect(fields.at(-1)).to.include({ directory });
    }
    expect(await runSql(database, `select from pg_tables where schemaname = 'public'`)).to.deep.equal([]);
  });

  it('takes a file in the place of the folder for a mistake', async () => {
    const error = await failureOf(initialize({ directory: join(folder.directory, '001_a.sql') }));
    expect(error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'directory' });
    expect(lines).to.deep.equal([]);
  });

  it('throws what up throws', async () => {
    await folder.write({ '002_b.sql': 'select 1 / 0;' });
    expect(await failureOf(initialize())).to.include({ code: 'DB_MIGRATION_FAILED', version: 2 });
    await folder.write({ '001_a.sql': 'select 1;', '002_b.sql': 'select 1;' });
    expect(await failureOf(initialize())).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'edited' });
    expect(await failureOf(initialize({ signal: AbortSignal.abort() }))).to.include({ code: 'DB_CANCELLED' });
  });

  it('needs no log', async () => {
    expect((await initialize({ logger: undefined } as object)).state).to.equal('initialized');
    expect(
      (await initialize({ logger: undefined, directory: join(folder.directory, 'gone') } as object)).state,
    ).to.equal('missing');
  });
});
