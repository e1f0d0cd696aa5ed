import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CircuitOpenError, ResilientPool, ShuttingDownError } from '../../../lib/index.js';
import type { CircuitOptions } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';
import { becomes, changesOf } from './load.js';

const SLACK = 4;
const drainTimeoutMs = 300;

describe('a pool with a circuit that is not closed', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;
  let before: string[];

  beforeEach(async () => {
    server = await sharedPostgres();
    proxy = await startFaultProxy({ target: server });
    before = timersAndSockets();
  });
  afterEach(async () => {
    await proxy.pass();
    await settled(pool.end(), 5000);
    await proxy.close();
  });

  function open(circuit: CircuitOptions = {}): void {
    pool = new ResilientPool({
      connectionString: proxy.connectionString(server),
      max: 8,
      min: 0,
      acquireTimeoutMs: 1000,
      queryTimeoutMs: 300,
      cancelGraceMs: 200,
      drainTimeoutMs,
      circuit: { probeTimeoutMs: 500, probeIntervalMs: 200, ...circuit },
    });
  }
  /** What keeps this process alive, apart from what Node has of its own. */
  function timersAndSockets(): string[] {
    return process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name.startsWith('TCPSocket'));
  }
  async function fall(): Promise<void> {
    await proxy.refuse();
    proxy.reset();
    await settled(pool.query('select 1'), 4000);
    await becomes(pool, 'open', 4000);
  }
  /** Done in time, silent from then on, and nothing of it is left. */
  async function expectEnds(withinMs = drainTimeoutMs): Promise<void> {
    const changes = changesOf(pool);
    const { error } = await settled(pool.end(), SLACK * withinMs + 500);
    expect(error).to.equal(undefined);
    const { probes } = pool.circuit.describe();
    const { accepted } = proxy;
    await proxy.pass();
    await eventually(() => proxy.connections === 0, 2000, 'every connection is closed');
    await eventually(
      () => timersAndSockets().length <= before.length,
      2000,
      `nothing is left of ${JSON.stringify(timersAndSockets())}`,
    );
    await sleep(600);
    expect(changes).to.deep.equal([]);
    expect(pool.circuit.describe()).to.include({ probes, state: 'closed' });
    expect(proxy.accepted).to.equal(accepted);
    expect(pool.totalCount).to.equal(0);
    const after = await settled(pool.query('select 1'), 500);
    expect(after.error).to.be.instanceOf(ShuttingDownError);
  }

  it('ends while it is open', async () => {
    open();
    await fall();
    await expectEnds();
  });

  it('ends while it is half-open', async () => {
    open({ probeIntervalMs: 1000 });
    await fall();
    await proxy.pass();
    await becomes(pool, 'half-open', 5000);
    await expectEnds();
  });

  it('ends while a probe hangs in a black hole, on a new connection', async () => {
    open({ probeTimeoutMs: 60_000 });
    await pool.query('select 1');
    proxy.blackHole();
    await settled(pool.query('select 1'), 4000);
    await eventually(() => pool.circuit.describe().probes > 0, 2000, 'it is probed');
    await sleep(50);
    await expectEnds();
  });

  it('ends while a probe hangs in a black hole, on the connection that it has', async () => {
    open({ probeTimeoutMs: 60_000, probeIntervalMs: 300 });
    await fall();
    await proxy.pass();
    await becomes(pool, 'half-open', 4000);
    const { probes } = pool.circuit.describe();
    proxy.blackHole();
    await eventually(() => pool.circuit.describe().probes > probes, 2000, 'it asks once more');
    await sleep(50);
    expect(pool.circuit.state).to.equal('half-open');
    await expectEnds();
  });

  it('ends while a probe of a mere suspicion is under way', async () => {
    open();
    await pool.query('select 1');
    proxy.latency(100);
    await settled(pool.query({ text: 'select pg_sleep(5)', query_timeout: 50 }), 4000);
    await eventually(() => pool.circuit.describe().probes > 0, 2000, 'it is probed');
    expect(pool.circuit.describe()).to.include({ state: 'closed', isSuspected: true });
    await proxy.pass();
    await expectEnds();
  });

  it('ends while the ramp runs, and who waits for it is told', async () => {
    open({ rampMs: 4000 });
    await fall();
    await proxy.pass();
    await becomes(pool, 'closed', 5000);
    const changes = changesOf(pool);
    const asked = Array.from({ length: 8 }, () => pool.query('select pg_sleep(0.2)'));
    await eventually(() => pool.totalCount - pool.idleCount === 1, 2000, 'one of them runs');
    expect(pool.waitingCount).to.be.at.least(6);
    const told = Promise.allSettled(asked);
    await expectEnds(drainTimeoutMs + 200);
    const refused = (await told).filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).to.be.at.least(6);
    for (const { reason } of refused) expect(reason).to.be.instanceOf(ShuttingDownError);
    expect(changes).to.deep.equal([]);
  });

  it('ends while it is isolated', async () => {
    open();
    await pool.query('select 1');
    pool.circuit.isolate();
    await expectEnds();
  });

  it('after the recovery has limited for a moment how many run, and has refused nobody', async () => {
    open({ rampMs: 1000 });
    await fall();
    let closedAt = NaN;
    pool.circuit.on('close', () => (closedAt = performance.now()));
    await proxy.pass();
    await becomes(pool, 'closed', 5000);
    let most = 0;
    let early = 0;
    pool.on('acquire', () => {
      const inUse = pool.totalCount - pool.idleCount;
      most = Math.max(most, inUse);
      if (performance.now() - closedAt < 300) early = Math.max(early, inUse);
    });
    const until = performance.now() + 2000;
    const ask = async () => {
      while (performance.now() < until) await pool.query('select pg_sleep(0.02)');
    };
    await settled(Promise.all(Array.from({ length: 16 }, ask)), 8000);
    expect(early).to.be.at.most(1);
    expect(most).to.equal(8);
  });

  it('is itself no reason for a process to live', async () => {
    open();
    await fall();
    await expectEnds();
    for (const how of ['end', 'leave']) {
      const { port } = proxy;
      await proxy.refuse();
      const { code, output } = await runChild(`postgres://u:p@127.0.0.1:${String(port)}/db`, how);
      expect({ how, code, output }).to.deep.equal({ how, code: 0, output: 'opened\n' });
      await proxy.pass();
    }
  });

  it('lets a process end whose probe hangs, where the pool is closed', async () => {
    open();
    proxy.blackHole();
    const { code, output } = await runChild(proxy.connectionString(server), 'end');
    expect({ code, output }).to.deep.equal({ code: 0, output: 'opened\n' });
  });

  it('refuses those who ask in a tight loop, and recovers all the same', async () => {
    open();
    await fall();
    let isOver = false;
    const ask = async () => {
      let refused = 0;
      while (!isOver) {
        const { error } = await settled(pool.query('select 1'), 4000);
        if (error instanceof CircuitOpenError) refused += 1;
      }
      return refused;
    };
    const asking = Promise.all([ask(), ask()]);
    await sleep(300);
    await proxy.pass();
    await becomes(pool, 'closed', SLACK * 1000);
    isOver = true;
    for (const refused of await asking) expect(refused).to.be.at.least(100);
  });
});

function runChild(connectionString: string, how: string): Promise<{ code: number | null; output: string }> {
  const script = fileURLToPath(new URL('./open-and-end.js', import.meta.url));
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [script, connectionString, how],
      { timeout: 12_000 },
      (_error, stdout, stderr) => done({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
