import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { expect } from 'chai';
import type { Logger } from '../../../lib/core/logger.js';
import { dbErrorHandler, dbResilience } from '../../../lib/index.js';
import type { DbResilience, SchemaOptions } from '../../../lib/index.js';
import { startPostgres } from '../../../lib/testing/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import type { MigrationFiles } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';

interface Line {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

const things: MigrationFiles = {
  '001_things.sql': `-- migrate:up
create table things (id int primary key, name text not null);
insert into things values (1, 'hidden-value');
-- migrate:down
drop table things;`,
};

/** An application with a schema, as somebody writes it. */
class Application implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly resilience: DbResilience;
  readonly #server: Server;

  constructor(connectionString: string, schema: SchemaOptions) {
    const log = (level: string) => (fields: object, message: string) =>
      void this.lines.push({ level, message, fields: fields as Record<string, unknown> });
    const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
    this.resilience = dbResilience({ connectionString, ssl: false, schema, logger, requestLog: false, min: 1 });
    const app = express();
    app.use(this.resilience);
    app.use('/api', this.resilience.routes());
    app.get('/things', async (req, res) => {
      res.json((await req.db.query('select id from things')).rows);
    });
    app.get('/one', async (req, res) => {
      res.json((await req.db.query('select 1 as one')).rows);
    });
    app.use(dbErrorHandler());
    this.#server = createServer(app).listen(0, '127.0.0.1');
  }

  async get(path: string): Promise<{ status: number; body: unknown }> {
    if (!this.#server.listening) await new Promise((resolve) => this.#server.once('listening', resolve));
    const { port } = this.#server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  said(message: string): Line[] {
    return this.lines.filter((line) => line.message.includes(message));
  }

  becomes(reason: string): Promise<void> {
    return eventually(() => this.resilience.unreadyReason === reason, 20_000, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.resilience.close();
  }
}

describe('dbResilience({ schema })', function () {
  this.timeout(60_000);
  let database: string;
  let folder: MigrationFolder;

  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
    folder = await MigrationFolder.make(things);
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const start = (schema: Partial<SchemaOptions> = {}) =>
    new Application(database, { directory: folder.directory, ...schema });

  it('gives an empty database its schema, is ready when it has it, and says so once', async () => {
    {
      await using application = start();
      expect((await application.get('/api/readyz')).status).to.equal(503);
      await settled(application.resilience.ready(), 20_000);
      expect(application.resilience.isReady).to.equal(true);
      expect((await application.get('/api/readyz')).status).to.equal(200);
      expect((await application.get('/things')).body).to.deep.equal([{ id: 1 }]);
      const [line] = application.said('Database schema initialized');
      expect(line?.level).to.equal('info');
      expect(line?.fields).to.include({ version: 1, applied: 1 });
    }
    await folder.write({ '002_more.sql': 'alter table things add column note text;' });
    {
      await using application = start();
      await settled(application.resilience.ready(), 20_000);
      expect(application.said('Database schema migrated')).to.have.length(1);
      expect(application.said('Database schema initialized')).to.deep.equal([]);
    }
    await using application = start();
    await settled(application.resilience.ready(), 20_000);
    expect(application.said('Database schema is up to date')).to.have.length(1);
    expect(application.said('Database schema migrated')).to.deep.equal([]);
    const rows = await runSql<{ version: string }>(
      database,
      'select version from db_resilience_migrations order by id',
    );
    expect(rows).to.deep.equal([{ version: '1' }, { version: '2' }]);
  });

  it('waits for it while another applies it: not ready, and serving what needs no schema', async () => {
    await folder.write({ '001_things.sql': `create table things (id int); select pg_sleep(1.5);` });
    await using application = start();
    await using other = start();
    await application.becomes('schema_pending');
    expect(await application.get('/api/readyz')).to.deep.equal({
      status: 503,
      body: { status: 'not_ready', reason: 'schema_pending' },
    });
    expect((await application.get('/one')).status).to.equal(200);
    await settled(Promise.all([application.resilience.ready(), other.resilience.ready()]), 20_000);
    const applied = [application, other].map((one) => one.said('Database schema initialized').length);
    expect(applied.sort()).to.deep.equal([0, 1]);
  });

  it('gives it to a database that is down at first', async () => {
    await using server = await startPostgres();
    await server.shutdown();
    await using application = new Application(server.connectionString, { directory: folder.directory });
    const ready = application.resilience.ready();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    await settled(ready, 30_000);
    expect(application.said('Database schema initialized')).to.have.length(1);
    expect(application.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('warns where the folder is missing or empty, and is ready', async () => {
    for (const directory of [join(folder.directory, 'gone'), (await MigrationFolder.make({})).directory]) {
      await using application = start({ directory });
      await settled(application.resilience.ready(), 20_000);
      const [line] = application.said('The folder of the migrations');
      expect(line?.level).to.equal('warn');
      expect(line?.fields).to.include({ directory });
    }
  });

  it('warns where the database is newer than the code, and is ready', async () => {
    await folder.write({ '002_more.sql': 'create table more (id int);' });
    await managerOf(database, folder.directory).up();
    await folder.remove('002_more.sql');
    await using application = start();
    await settled(application.resilience.ready(), 20_000);
    expect(application.said('The database is newer than this code')[0]?.level).to.equal('warn');
    expect((await application.get('/things')).status).to.equal(200);
  });

  it('leaves nothing half done where a migration fails, tells it without a value, and is ready when it is mended', async () => {
    const bad = `insert into things values (2, 'hidden-too');\ninsert into things values (1, 'hidden-three');`;
    await folder.write({ '002_bad.sql': bad });
    await using application = start();
    await application.becomes('schema_failed');
    expect((await application.get('/api/readyz')).body).to.include({ reason: 'schema_failed' });
    expect((await application.get('/things')).body, 'the first one stays').to.deep.equal([{ id: 1 }]);
    const [line] = application.said('The schema could not be brought up to date');
    expect(line?.level).to.equal('error');
    expect(line?.fields.problem).to.match(/^002_bad\.sql:2:1: INSERT failed: duplicate key .*\(23505\)/);
    expect(JSON.stringify(application.lines)).to.not.match(/hidden-|insert into/i);
    // Somebody has done by hand what it wanted.
    await managerOf(database, folder.directory).repair({ version: 2, as: 'applied' });
    await settled(application.resilience.ready(), 20_000);
    expect(application.said('The schema is there now')).to.have.length(1);
    expect((await application.get('/api/readyz')).status).to.equal(200);
  });

  it('is not ready with a file that was changed after it had been applied', async () => {
    await managerOf(database, folder.directory).up();
    await folder.write({ '001_things.sql': 'create table others (id int);' });
    await using application = start();
    await application.becomes('schema_failed');
    expect(application.said('The schema could not')[0]?.fields.problem).to.match(/^001_things\.sql: it was changed/);
  });

  it('closed while a migration runs, cancels it and leaves nothing of it', async () => {
    await folder.write({ '001_things.sql': 'create table things (id int); select pg_sleep(60);' });
    const application = start();
    const busy = async () =>
      (
        await runSql(
          database,
          `select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'
        and datname = current_database()`,
        )
      ).length;
    await eventually(async () => (await busy()) === 1, 20_000, 'the migration runs');
    const { ms } = await settled(application[Symbol.asyncDispose](), 20_000);
    expect(ms).to.be.lessThan(4_000);
    expect(await busy()).to.equal(0);
    expect(await runSql(database, `select 1 where to_regclass('things') is not null`)).to.deep.equal([]);
    expect(application.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
    await folder.write(things);
    await using next = start();
    await settled(next.resilience.ready(), 20_000);
  });

  it('is not there with schema: false, nor without the option', async () => {
    const resilience = dbResilience({ connectionString: database, ssl: false, schema: false });
    await settled(resilience.ready(), 20_000);
    await resilience.close();
    expect(await runSql(database, `select 1 from pg_tables where schemaname = 'public'`)).to.deep.equal([]);
  });

  const nonsense: Record<string, { schema: unknown; names: string }> = {
    'a number': { schema: 3, names: 'schema' },
    true: { schema: true, names: 'schema' },
    'a folder by itself': { schema: 'migrations', names: 'schema' },
    'a misspelt option': { schema: { directry: 'x' }, names: 'schema.directry' },
    'no folder': { schema: {}, names: 'schema.directory' },
    'an empty folder name': { schema: { directory: '' }, names: 'schema.directory' },
    'a time below the least': { schema: { directory: 'x', lockTimeoutMs: 0 }, names: 'schema.lockTimeoutMs' },
    'a table of three parts': { schema: { directory: 'x', table: 'a.b.c' }, names: 'schema.table' },
  };
  for (const [name, { schema, names }] of Object.entries(nonsense)) {
    it(`refuses ${name}, and names what is wrong`, () => {
      expect(() => dbResilience({ connectionString: database, schema: schema as SchemaOptions }))
        .to.throw()
        .and.include({ code: 'DB_CONFIGURATION', option: names });
    });
  }
});
