import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createResilience } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';

describe('what watches a pool', () => {
  let connectionString: string;
  let proxy: FaultProxy;

  before(async () => {
    const server = await sharedPostgres();
    ({ connectionString } = server);
    proxy = await startFaultProxy({ target: server });
  });
  after(() => proxy.close());

  function run(program: string): Promise<{ stdout: string; stderr: string; ms: number }> {
    const lib = new URL('../../../lib/index.js', import.meta.url).href;
    const text = `
      import { createResilience, ResilientPool } from ${JSON.stringify(lib)};
      const options = { connectionString: ${JSON.stringify(connectionString)}, min: 0, allowExitOnIdle: true };
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      ${program}
      const began = performance.now();
      process.on('exit', () => console.log('after', Math.round(performance.now() - began)));`;
    return new Promise((resolve) => {
      const args = ['--input-type=module', '-e', text];
      execFile(process.execPath, args, { timeout: 15_000, killSignal: 'SIGKILL' }, (_error, stdout, stderr) => {
        resolve({ stdout, stderr, ms: Number(/after (\d+)/.exec(stdout)?.[1]) });
      });
    });
  }

  it('lets the process exit where allowExitOnIdle is true: the health probe', async () => {
    const { stdout, stderr, ms } = await run(`
      const resilience = createResilience({ ...options, health: { intervalMs: 100 } });
      await resilience.db.query('select 1');
      resilience.healthMonitor.report();
      while (resilience.healthMonitor.report().probe?.ok !== true) await sleep(20);
      console.log('probed');`);
    expect(stdout, stderr).to.include('probed');
    expect(ms).to.be.below(2000);
  });

  it('lets the process exit where allowExitOnIdle is true: plans and the view of the server', async () => {
    const { stdout, stderr, ms } = await run(`
      const pool = new ResilientPool({ ...options, monitor: { slowQueryThresholdMs: 0 } });
      await pool.query('select 1');
      while (pool.getSlowQueries()[0].plan === null) await sleep(20);
      console.log((await pool.getServerView()).max_connections);`);
    expect(stdout, stderr).to.match(/^\d+$/m);
    expect(ms).to.be.below(2000);
  });

  it('does not hold up the end of a pool whose database is silent, and ends with it', async () => {
    const lines: string[] = [];
    const log = (_fields: object, message: string) => void lines.push(message);
    const logger = { debug: log, info: log, warn: log, error: log };
    const health = { intervalMs: 100, timeoutMs: 30_000 };
    const viaProxy = proxy.connectionString({ connectionString });
    const resilience = createResilience({ connectionString: viaProxy, logger, health });
    try {
      await resilience.ready();
      const { healthMonitor } = resilience;
      await eventually(() => healthMonitor.report().probe?.ok === true, 5000, 'it is probed');
      proxy.blackHole();
      // Longer than the time between two probes: one is under way.
      await sleep(300);
      const { error, ms } = await settled(resilience.db.end(), 15_000);
      expect(error).to.equal(undefined);
      expect(ms).to.be.below(6000);
      expect(healthMonitor.report()).to.include({ status: 'unhealthy' });
      const { checked_at } = healthMonitor.report();
      await sleep(500);
      expect(healthMonitor.report().checked_at, 'nothing is probed any more').to.equal(checked_at);
      expect(lines).not.to.include('The health probe fails');
    } finally {
      await proxy.pass();
      await resilience.close();
    }
  });
});
