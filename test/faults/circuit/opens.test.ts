import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CircuitOpenError, ResilientPool } from '../../../lib/index.js';
import type { ResilientPoolOptions } from '../../../lib/index.js';
import { startFaultProxy, startPostgres } from '../../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../../lib/testing/index.js';
import { eventually, settled } from '../../support/settle.js';
import { becomes, changesOf, Load } from './load.js';

const probeTimeoutMs = 500;
const SLACK = 4;

describe('the circuit of a pool', function () {
  this.timeout(40_000);

  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;

  before(async () => {
    server = await startPostgres();
    await server.query(
      `create role app login password 'app'; create sequence reached; grant all on sequence reached to app`,
    );
  });
  after(() => server.stop());
  beforeEach(async () => {
    proxy = await startFaultProxy({ target: server });
  });
  afterEach(async () => {
    if (server.pid === undefined) await server.start();
    else await server.resume();
    await server.query('alter role app connection limit -1');
    await proxy.pass();
    await settled(pool.end(), 5000);
    await proxy.close();
  });

  function open(options: ResilientPoolOptions = {}): void {
    const url = new URL(proxy.connectionString(server));
    url.username = 'app';
    url.password = 'app';
    pool = new ResilientPool({
      connectionString: url.href,
      max: 4,
      acquireTimeoutMs: 1000,
      queryTimeoutMs: 500,
      cancelGraceMs: 300,
      drainTimeoutMs: 300,
      circuit: { probeTimeoutMs },
      ...options,
    });
  }

  const faults = {
    'a server that is killed': {
      strike: () => server.kill(),
      heal: () => server.start(),
    },
    'a server that is shut down': {
      strike: () => server.shutdown(),
      heal: () => server.start(),
    },
    'a network that refuses': {
      strike: async () => {
        await proxy.refuse();
        proxy.reset();
      },
      heal: () => proxy.pass(),
    },
    'a server without room': {
      strike: () =>
        server.query(`alter role app connection limit 0;
          select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'`),
      heal: () => server.query('alter role app connection limit -1'),
    },
    'a network that loses everything': {
      silent: true,
      strike: () => proxy.blackHole(),
      heal: () => proxy.pass(),
    },
    'a server that is frozen': {
      silent: true,
      strike: () => server.freeze(),
      heal: () => server.resume(),
    },
    'a network that is much too slow': {
      silent: true,
      strike: () => proxy.latency(6 * probeTimeoutMs),
      heal: () => proxy.pass(),
    },
  } satisfies Record<string, { silent?: true; strike: () => unknown; heal: () => unknown }>;

  for (const [name, fault] of Object.entries(faults)) {
    const silentMs = 'silent' in fault ? probeTimeoutMs : 0;

    it(`opens soon for ${name}, lets nothing through, and closes soon after it`, async () => {
      open();
      const changes = changesOf(pool);
      let acquired = 0;
      pool.on('acquire', () => (acquired += pool.circuit.state === 'closed' ? 0 : 1));
      const load = new Load(() => pool.query('select 1'));
      await eventually(() => load.succeeded >= 25, 5000, 'it works');
      await fault.strike();
      await becomes(pool, 'open', 10_000);
      await sleep(1000);
      await fault.heal();
      const healedAt = performance.now();
      await becomes(pool, 'closed', SLACK * (1000 + silentMs));
      await sleep(500);
      await load.stop();

      const openedAt = changes[0]?.at ?? NaN;
      const closedAt = changes.at(-1)?.at ?? NaN;
      const failedAt = load.firstFailure?.endedAt ?? NaN;
      expect(openedAt - failedAt, 'opened after the first failure').to.be.below(SLACK * (1000 + silentMs));
      expect(closedAt - healedAt, 'closed after the recovery').to.be.below(SLACK * (1000 + silentMs));
      expect(acquired, 'connections that were given to callers').to.equal(0);
      expect(pool.circuit.describe().opened).to.equal(1);
      const states = changes.map(({ to }) => to);
      expect([states[0], ...states.slice(-2)]).to.deep.equal(['open', 'half-open', 'closed']);

      const during = load.ended.filter(({ begunAt }) => begunAt > openedAt && begunAt < closedAt);
      expect(during.length).to.be.at.least(25);
      for (const { error, begunAt, endedAt } of during) {
        expect(error).to.be.instanceOf(CircuitOpenError);
        expect(endedAt - begunAt).to.be.below(200);
      }
      const after = load.ended.filter(({ begunAt }) => begunAt > closedAt);
      // Some 25 on an idle machine.
      expect(after.length).to.be.at.least(5);
      for (const { error } of after) expect(error).to.equal(undefined);
    });
  }

  it('refuses in less than a millisecond, and asks the server by its probes alone', async () => {
    open();
    await pool.query('select 1');
    await server.kill();
    await becomes(pool, 'open', 4000);
    await sleep(50);
    const accepted = proxy.accepted;
    const { probes } = pool.circuit.describe();
    const times: number[] = [];
    for (let turn = 0; turn < 1000; turn++) {
      const began = performance.now();
      const { error } = await settled(pool.query('select 1'), 4000);
      times.push(performance.now() - began);
      expect(error).to.be.instanceOf(CircuitOpenError);
      expect(error).to.include({ code: 'DB_CIRCUIT_OPEN', outcome: 'not-executed', circuit: 'primary' });
      if (turn % 100 === 0) await sleep(100);
    }
    expect(times.sort((a, b) => a - b)[500]).to.be.below(1);
    const probed = pool.circuit.describe().probes - probes;
    expect(probed).to.be.at.least(1);
    // One more, whose question had begun before.
    expect(proxy.accepted - accepted).to.be.at.most(probed + 1);
    expect(pool.totalCount).to.equal(0);
    expect(pool.circuit.describe().rejections).to.be.at.least(1000);
  });

  it('lets no statement reach a server that is back before it is closed', async () => {
    open({ circuit: { probeTimeoutMs, probeIntervalMs: 1500 } });
    let isClosed = false;
    const load = new Load(() => (isClosed ? Promise.resolve() : pool.query("select nextval('reached')")));
    await eventually(() => load.succeeded >= 10, 4000, 'it works');
    await proxy.refuse();
    proxy.reset();
    await becomes(pool, 'open', 4000);
    await sleep(300);
    const reached = () => server.query('select last_value from reached');
    const before = await reached();
    pool.circuit.on('close', () => (isClosed = true));
    await proxy.pass();
    await becomes(pool, 'half-open', 8000);
    const { rejections } = pool.circuit.describe();
    await becomes(pool, 'closed', 8000);
    await load.stop();
    expect(pool.circuit.describe().rejections - rejections, 'refused while half-open').to.be.at.least(10);
    expect(await reached()).to.deep.equal(before);
  });

  it('refuses those who wait for a connection, at once when it opens', async () => {
    open({ max: 2, acquireTimeoutMs: 30_000, queryTimeoutMs: false });
    await pool.query('select 1');
    const running = Promise.allSettled([pool.query('select pg_sleep(30)'), pool.query('select pg_sleep(30)')]);
    await eventually(() => pool.totalCount - pool.idleCount === 2, 4000, 'both are busy');
    let openedAt = NaN;
    pool.circuit.on('open', () => (openedAt = performance.now()));
    const told: { error: unknown; at: number }[] = [];
    const note = (error: unknown) => void told.push({ error, at: performance.now() });
    const waiting = [...Array.from({ length: 20 }, () => pool.query('select 1')), pool.connect()].map((one) =>
      (one as Promise<unknown>).then(() => note(undefined), note),
    );
    await server.freeze();
    await settled(Promise.all(waiting), 12_000);
    expect(told).to.have.lengthOf(21);
    for (const { error, at } of told) {
      expect(error).to.be.instanceOf(CircuitOpenError);
      expect(at - openedAt).to.be.below(200);
    }
    expect(pool.waitingCount).to.equal(0);
    await server.resume();
    await becomes(pool, 'closed', SLACK * (1000 + probeTimeoutMs));
    await settled(pool.end(), 5000);
    await running;
  });
});
