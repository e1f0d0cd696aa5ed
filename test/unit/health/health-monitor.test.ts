import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import { HealthMonitor } from '../../../lib/health/health-monitor.js';
import type { HealthMonitorOptions } from '../../../lib/health/health-monitor.js';
import type { HealthState } from '../../../lib/health/health-report.js';
import { HeldUpClock } from '../policy/held-up-clock.js';
import { poolHealth } from '../express/routes/reports.js';

describe('HealthMonitor', () => {
  let clock: HeldUpClock;
  let signals: AbortSignal[];
  let ask: (signal: AbortSignal) => Promise<void>;
  let state: { -readonly [Key in keyof HealthState]: HealthState[Key] };
  let loopMs: number;
  let intervals: number;
  let monitor: HealthMonitor;

  const alive = async () => undefined;
  const hung = () => new Promise<never>(() => undefined);
  const refused = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));

  function monitorWith(options: Partial<HealthMonitorOptions> = {}): HealthMonitor {
    return new HealthMonitor({
      ask: (signal) => {
        signals.push(signal);
        return ask(signal);
      },
      state: () => state,
      clock,
      loopDelay: {
        start: () => undefined,
        ms: () => loopMs,
        nextInterval: () => void (intervals += 1),
        close: () => undefined,
      },
      name: 'primary',
      ...options,
    });
  }

  beforeEach(() => {
    clock = new HeldUpClock();
    signals = [];
    ask = alive;
    state = { circuit: 'closed', refuses: false, pool: poolHealth, ending: false };
    loopMs = 1;
    intervals = 0;
    monitor = monitorWith();
  });
  afterEach(() => {
    monitor.close();
    expect(clock.pending, 'timers left behind').to.equal(0);
  });

  const started = async () => {
    monitor.start();
    await clock.advanceAsync(100);
  };

  it('is healthy once a probe has been answered', async () => {
    ask = () => new Promise((resolve) => clock.setTimeout(resolve, 300));
    await started();
    await clock.advanceAsync(300);
    const report = monitor.report();
    expect(report).to.deep.include({
      status: 'healthy',
      stale: false,
      probe: { ok: true, duration_ms: 300, error: null },
      circuit: 'closed',
      pool: { utilization_pct: 30, active: 3, idle: 2, waiting: 0, max: 10 },
      event_loop_delay_ms: 1,
      warnings: [],
    });
    expect(report.age_ms).to.be.within(0, 100);
    expect(Math.abs(Date.parse(report.checked_at ?? '') - Date.now())).to.be.below(20_000);
  });

  it('probes no more once its pool is ending', async () => {
    await started();
    expect(signals).to.have.length(1);
    state.ending = true;
    await clock.advanceAsync(20_000);
    expect(signals).to.have.length(2);
    expect(clock.pending).to.equal(0);
    expect(monitor.report().status).to.equal('unhealthy');
  });

  it('is unhealthy before the first probe has ended, where the pool has no connection', () => {
    state = { ...state, pool: { ...poolHealth, size: 0 }, reason: 'starting' };
    monitor.start();
    const { status, checked_at, age_ms, probe, stale, warnings } = monitor.report();
    expect({ status, checked_at, age_ms, probe, stale }).to.deep.equal({
      status: 'unhealthy',
      checked_at: null,
      age_ms: null,
      probe: null,
      stale: false,
    });
    expect(warnings).to.deep.equal(['The database has not been asked yet', 'Not ready: starting']);
    delete state.reason;
    expect(monitor.report().status).to.equal('unhealthy');
  });

  it('is degraded before the first probe has ended, where the pool has connections', () => {
    monitor.start();
    expect(monitor.report()).to.deep.include({
      status: 'degraded',
      checked_at: null,
      warnings: ['The database has not been asked yet'],
    });
  });

  it('asks each 5 s, more or less, and never twice at a time', async () => {
    let running = 0;
    let most = 0;
    ask = async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 1900));
      running -= 1;
    };
    monitor.start();
    monitor.start();
    await clock.advanceAsync(500_000);
    expect(signals.length).to.be.within(90, 110);
    expect(most).to.equal(1);
    expect(intervals).to.be.within(signals.length - 1, signals.length);
    monitor.close();
    await clock.advanceAsync(1900);
  });

  it('answers from memory', async () => {
    await started();
    for (let times = 0; times < 1000; times++) monitor.report();
    expect(signals).to.have.length(1);
  });

  it('is unhealthy while the last probe failed, and tells the kind of its error only', async () => {
    ask = refused;
    await started();
    expect(monitor.report()).to.deep.include({
      status: 'unhealthy',
      probe: { ok: false, duration_ms: 0, error: 'unreachable' },
      warnings: ['The last probe failed: unreachable'],
    });
    ask = alive;
    await clock.advanceAsync(6000);
    expect(monitor.report()).to.have.property('status', 'healthy');
  });

  it('takes what is thrown synchronously for a failure', async () => {
    ask = () => {
      throw new TypeError('a bug');
    };
    await started();
    expect(monitor.report().probe).to.deep.equal({ ok: false, duration_ms: 0, error: 'other' });
    await clock.advanceAsync(6000);
    expect(signals).to.have.length(2);
  });

  describe('a probe that hangs', () => {
    it('has failed after 2 s, and is aborted', async () => {
      ask = hung;
      await started();
      await clock.advanceAsync(1850);
      expect(monitor.report().probe).to.equal(null);
      expect(signals[0]?.aborted).to.equal(false);
      await clock.advanceAsync(150);
      expect(monitor.report()).to.have.property('status', 'unhealthy');
      expect(monitor.report().probe).to.include({ ok: false, duration_ms: 2000 });
      expect(signals[0]?.aborted).to.equal(true);
    });

    it('counts for nothing when it is answered, or fails, late', async () => {
      for (const late of ['answered', 'failed'] as const) {
        let settle: () => void = () => undefined;
        ask = () =>
          new Promise((resolve, reject) => (settle = () => (late === 'answered' ? resolve() : reject(new Error('x')))));
        monitor = monitorWith();
        await started();
        await clock.advanceAsync(2000);
        const before = monitor.report().probe;
        settle();
        await clock.advanceAsync(10);
        expect(monitor.report().probe).to.equal(before);
        monitor.close();
      }
    });

    it('is aborted by close(), and its answer changes nothing', async () => {
      let settle: () => void = () => undefined;
      ask = () => new Promise((resolve) => (settle = resolve));
      await started();
      monitor.close();
      expect(signals[0]?.aborted).to.equal(true);
      settle();
      await clock.advanceAsync(60_000);
      expect(signals).to.have.length(1);
      expect(monitor.report()).to.deep.include({ status: 'unhealthy', probe: null });
      expect(monitor.report().warnings).to.include('The pool is closing');
    });
  });

  it('does not begin again after close()', async () => {
    monitor.close();
    await started();
    expect(signals).to.deep.equal([]);
  });

  it('is stale, and so degraded, where this process slept, until the next probe has ended', async () => {
    await started();
    clock.holdUp(15_100);
    const report = monitor.report();
    expect(report).to.include({ status: 'degraded', stale: true });
    expect(report.age_ms).to.be.within(15_100, 15_200);
    expect(report.warnings[0]).to.match(/^No probe has ended for 15\d\d\d ms: this report is stale$/);
    await clock.advanceAsync(6000);
    expect(monitor.report()).to.include({ status: 'healthy', stale: false });
  });

  it('is not stale while probes fail in time', async () => {
    ask = hung;
    await started();
    for (let times = 0; times < 100; times++) {
      await clock.advanceAsync(500);
      expect(monitor.report().stale).to.equal(false);
    }
  });

  describe('with a probe that was answered', () => {
    beforeEach(started);

    const cases: [what: string, change: Partial<HealthState>, status: string, warning: RegExp | undefined][] = [
      [
        'the circuit refuses',
        { circuit: 'open', refuses: true },
        'unhealthy',
        /^The circuit is open and refuses calls$/,
      ],
      ['the pool is closing', { ending: true, reason: 'shutting_down' }, 'unhealthy', /^The pool is closing$/],
      ['the circuit only counts', { circuit: 'open' }, 'degraded', /^The circuit is open but refuses nothing$/],
      ['it is not ready', { reason: 'database_unreachable' }, 'degraded', /^Not ready: database_unreachable$/],
      ['the pool warns', { pool: { ...poolHealth, status: 'warning', warnings: ['busy'] } }, 'degraded', /^busy$/],
      ['the pool is critical', { pool: { ...poolHealth, status: 'critical' } }, 'degraded', undefined],
    ];
    for (const [what, change, status, warning] of cases) {
      it(`is ${status} where ${what}`, () => {
        state = { ...state, ...change };
        const report = monitor.report();
        expect(report.status).to.equal(status);
        expect(report.warnings).to.have.length(warning === undefined ? 0 : 1);
        if (warning !== undefined) expect(report.warnings[0]).to.match(warning);
      });
    }

    it('is degraded where the event loop was late by more than 200 ms', () => {
      loopMs = 200;
      expect(monitor.report()).to.include({ status: 'healthy', event_loop_delay_ms: 200 });
      loopMs = 250.04;
      expect(monitor.report()).to.deep.include({
        status: 'degraded',
        event_loop_delay_ms: 250,
        warnings: ['This process was held up: its event loop was late by 250 ms'],
      });
    });
  });

  it('logs when the probes begin to fail and when they are answered again, without a message of theirs', async () => {
    const lines: unknown[] = [];
    const logger = {
      ...silentLogger,
      warn: (fields: object, message: string) => void lines.push({ ...fields, message }),
      info: (fields: object, message: string) => void lines.push({ ...fields, message }),
    };
    monitor = monitorWith({ logger });
    await started();
    ask = refused;
    await clock.advanceAsync(30_000);
    ask = alive;
    await clock.advanceAsync(30_000);
    expect(lines).to.deep.equal([
      { pool: 'primary', duration_ms: 0, kind: 'unreachable', message: 'The health probe fails' },
      { pool: 'primary', duration_ms: 0, message: 'The health probe is answered again' },
    ]);
  });

  it('goes on where the logger throws', async () => {
    const warn = () => {
      throw new Error('disk full');
    };
    monitor = monitorWith({ logger: { ...silentLogger, warn } });
    ask = refused;
    await started();
    expect(monitor.report()).to.have.property('status', 'unhealthy');
    await clock.advanceAsync(6000);
    expect(signals).to.have.length(2);
  });

  it("asks in no request's context", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    ask = async () => void seen.push(storage.getStore());
    storage.run('a request', () => monitor.start());
    // The first begins within 100 ms, and the second comes 4 to 6 s after it.
    await clock.advanceAsync(6200);
    expect(seen).to.deep.equal([undefined, undefined]);
  });
});
