import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Logger } from '../../../lib/core/logger.js';
import { createResilience } from '../../../lib/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';

const library = new URL('../../../lib/index.js', import.meta.url).href;
const failing = 'alter table a add constraint positive check (n > 0);';

describe('createResilience({ schema })', function () {
  this.timeout(60_000);
  this.slow(30_000);
  let database: string;
  let folder: MigrationFolder;
  let lines: string[];

  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
    folder = await MigrationFolder.make({
      '001_a.sql': 'create table a (n int); insert into a values (-1);',
      '002_b.sql': failing,
    });
    lines = [];
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  function logger(): Logger {
    const log = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`);
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }
  const start = () =>
    createResilience({
      connectionString: database,
      ssl: false,
      schema: { directory: folder.directory },
      logger: logger(),
    });
  const failed = (resilience: ReturnType<typeof start>) =>
    eventually(() => resilience.unreadyReason === 'schema_failed', 20_000, 'its schema has failed');

  it('is ready when newer code has applied what failed here, and more', async () => {
    const resilience = start();
    const ready = resilience.ready();
    await failed(resilience);
    expect((await resilience.db.query('select n from a')).rows, 'it answers meanwhile').to.deep.equal([{ n: -1 }]);
    await using newer = await MigrationFolder.make({
      '001_a.sql': 'create table a (n int); insert into a values (-1);',
      '002_b.sql': failing,
      '003_c.sql': 'create table c (n int);',
    });
    await runSql(database, 'delete from a');
    await managerOf(database, newer.directory).up();
    await settled(ready, 20_000);
    expect(resilience.isReady).to.equal(true);
    expect(lines.filter((line) => /schema/i.test(line))).to.deep.equal([
      'error: The schema could not be brought up to date: not ready until it is, by "db-resilience migrate" or a new start',
      'info: The schema is there now',
    ]);
    await resilience.close();
  });

  it('tries nothing again by itself once a migration has failed, and looks without a trace', async () => {
    const resilience = start();
    await failed(resilience);
    await runSql(database, 'delete from a');
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    expect(resilience.unreadyReason).to.equal('schema_failed');
    expect((await managerOf(database, folder.directory).status()).pending).to.equal(1);
    expect(lines.filter((line) => line.startsWith('error'))).to.have.length(1);
    await resilience.close();
  });

  it('closed, tells whoever waits, and closes once', async () => {
    const resilience = start();
    const ready = failureOf(resilience.ready());
    await failed(resilience);
    const closing = resilience.close();
    expect(resilience.close()).to.equal(closing);
    await closing;
    expect(await ready).to.include({ code: 'DB_SHUTTING_DOWN' });
    expect(resilience.unreadyReason).to.equal('shutting_down');
  });

  it('lets the process end, closed or not, and whatever became of its schema', async () => {
    for (const [directory, close, reason] of [
      [folder.directory, true, 'schema_failed'],
      [folder.directory, false, 'schema_failed'],
      [`${folder.directory}/gone`, true, 'ready'],
    ] as const) {
      const options = { connectionString: database, ssl: false, min: 0, idleTimeoutMillis: 100, schema: { directory } };
      const code = `import { createResilience } from ${JSON.stringify(library)};
        process.on('unhandledRejection', (error) => { console.log('unhandled', error); });
        const resilience = createResilience(${JSON.stringify(options)});
        const until = Date.now() + 15000;
        while ((resilience.unreadyReason ?? 'ready') !== ${JSON.stringify(reason)} && Date.now() < until)
          await new Promise((resolve) => setTimeout(resolve, 20));
        console.log(resilience.unreadyReason ?? 'ready');
        if (${String(close)}) await resilience.close();`;
      const args = ['--input-type=module', '--eval', code];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 });
      expect(stdout).to.equal(`${reason}\n`);
    }
  });
});
