import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Logger } from '../../../lib/core/logger.js';
import { silentLogger } from '../../../lib/core/logger.js';
import { createResilience, ShuttingDownError } from '../../../lib/index.js';
import { startPostgres } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';

const library = new URL('../../../lib/index.js', import.meta.url).href;

/** Runs a script that has the package as `lib`, with no Express to be found. */
async function run(script: string, env: Record<string, string>): Promise<{ code: number; output: string }> {
  const hook = `export const resolve = (name, context, next) => {
    if (/^express(\\/|$)/.test(name)) throw new Error('Express is not installed here');
    return next(name, context);
  };`;
  const prelude = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});`;
  const code = `${prelude} const lib = await import(${JSON.stringify(library)}); ${script}`;
  // Without warnings: module.register(), by which Express is hidden, is deprecated on Node 26.
  const args = ['--no-warnings', '--input-type=module', '--eval', code];
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env }, timeout: 15_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

describe('createResilience', function () {
  this.timeout(30_000);

  it('opens its connections without traffic, on the next turn', async () => {
    const server = await sharedPostgres();
    const resilience = createResilience({ connectionString: server.connectionString, min: 2 });
    expect(resilience.db.totalCount).to.equal(0);
    expect(resilience.unreadyReason).to.equal('starting');
    await resilience.ready();
    expect(resilience.isReady).to.equal(true);
    await eventually(() => resilience.db.idleCount === 2, 5000, 'the minimum is there');
    await resilience.close();
    expect(resilience.db.totalCount).to.equal(0);
    expect(resilience.unreadyReason).to.equal('shutting_down');
  });

  it('becomes ready when a database that is down at first comes up, and logs that once', async () => {
    await using server = await startPostgres();
    await server.shutdown();
    const lines: string[] = [];
    // The circuit has lines of its own, where it has time to open.
    const log = (fields: object, message: string) => void ('circuit' in fields || lines.push(message));
    const logger: Logger = { ...silentLogger, info: log, warn: log, error: log };
    const resilience = createResilience({ connectionString: server.connectionString, logger });
    const waiting = resilience.ready();
    await eventually(() => resilience.unreadyReason === 'database_unreachable', 5000, 'the first attempt has failed');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    await settled(waiting, 20_000);
    expect(resilience.isReady).to.equal(true);
    expect(lines).to.deep.equal([
      'The database cannot be reached; tried again in the background',
      'The database is reached: ready',
    ]);
    await resilience.close();
  });

  it('says what to change where the password is wrong, and keeps the password to itself', async () => {
    const server = await sharedPostgres();
    const logged: unknown[] = [];
    const logger: Logger = { ...silentLogger, error: (...args) => void logged.push(args) };
    const url = new URL(server.connectionString);
    url.password = 'hunter2';
    const resilience = createResilience({ connectionString: url.href, logger });
    const waiting = resilience.ready();
    await eventually(() => resilience.unreadyReason === 'misconfigured', 5000, 'the refusal is noticed');
    expect(logged).to.have.length(1);
    expect(JSON.stringify(logged))
      .to.match(/advice/)
      .and.not.to.match(/hunter2/);
    await resilience.close();
    expect((await settled(waiting, 1000)).error).to.be.instanceOf(ShuttingDownError);
  });

  it('takes a password that is put right while it runs', async () => {
    const server = await sharedPostgres();
    let password = 'wrong';
    const { host, port, user, database } = server;
    const resilience = createResilience({ host, port, user, database, password: () => password });
    await eventually(() => resilience.unreadyReason === 'misconfigured', 5000, 'the refusal is noticed');
    password = server.password;
    // Traffic does not wait for the next attempt.
    await resilience.db.query('select 1');
    expect(resilience.isReady).to.equal(true);
    await resilience.close();
  });

  it('closes at once while it cannot connect', async () => {
    const resilience = createResilience({ host: '127.0.0.1', port: 1 });
    await eventually(() => resilience.unreadyReason === 'database_unreachable', 5000, 'the first attempt has failed');
    const { ms, error } = await settled(resilience.close(), 2000);
    expect(error).to.equal(undefined);
    expect(ms).to.be.below(1000);
  });

  it('runs where Express is not installed', async () => {
    const { connectionString } = await sharedPostgres();
    const { code, output } = await run(
      `const r = lib.createResilience(); await r.ready();
       console.log((await r.db.query('select 42 as n')).rows[0].n); await r.close();`,
      { DATABASE_URL: connectionString },
    );
    expect(output).to.equal('42\n');
    expect(code).to.equal(0);
  });

  it('lets a process end that only tries to connect', async () => {
    const { code, output } = await run(
      `lib.createResilience({ host: '127.0.0.1', port: 1 }); console.log('done');`,
      {},
    );
    expect(output).to.equal('done\n');
    expect(code).to.equal(0);
  });

  it('keeps a process that waits for ready() alive, and gives withTimeout its say', async () => {
    const { code, output } = await run(
      `const r = lib.createResilience({ host: '127.0.0.1', port: 1 });
       await lib.withTimeout(r.ready(), 1500).catch((error) => console.log(error.code));
       await r.close();`,
      {},
    );
    expect(output).to.equal('DB_QUERY_TIMEOUT\n');
    expect(code).to.equal(0);
  });
});
