import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import Opossum from 'opossum';
import { AcquireTimeoutError, CancelledError, CircuitOpenError } from '../../../../lib/errors/errors.js';
import { CircuitBreakerDb } from '../../../../lib/pool/circuit-breaker-db.js';
import { Circuit } from '../../../../lib/policy/circuit/circuit.js';
import { HeldUpClock } from '../held-up-clock.js';
import { databaseError, fail, failureOf, hung, refused, rigWithProbe, rigWithTrials, succeed, trip } from './rig.js';

const dead = () => Promise.reject(refused());
const alive = async () => 'alive';
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('what surprises in opossum', () => {
  const bare: Opossum[] = [];

  function opossum(action: (...args: never[]) => Promise<unknown>, options: Opossum.Options = {}): Opossum {
    const breaker = new Opossum(action, { timeout: false, ...options });
    bare.push(breaker);
    return breaker;
  }

  async function halfOpen(breaker: Opossum): Promise<void> {
    const changed = once(breaker, 'halfOpen');
    breaker.open();
    await changed;
  }

  afterEach(() => {
    for (const breaker of bare.splice(0)) breaker.shutdown();
  });

  it('opossum 1: what is counted as under way is under way until it has settled', async () => {
    let running = 0;
    const breaker = opossum(
      () => {
        running += 1;
        return hung();
      },
      { capacity: 1, timeout: 1, volumeThreshold: 100 },
    );
    for (let i = 0; i < 3; i++) await failureOf(breaker.fire());
    expect(running, 'of opossum').to.equal(3);

    const { circuit, clock } = rigWithTrials({}, { trials: { permits: 1, timeoutMs: 2000, openMs: 1000 } });
    trip(circuit);
    await clock.advanceAsync(1000);
    running = 0;
    const work = () => {
      running += 1;
      return hung();
    };
    void circuit.execute(work);
    for (let i = 0; i < 3; i++) expect(await failureOf(circuit.execute(work))).to.be.instanceOf(CircuitOpenError);
    expect(running).to.equal(1);
  });

  it('opossum 2: a probe that is too late does not abort those after it', async () => {
    const abortController = new AbortController();
    const breaker = opossum(hung, { timeout: 1, abortController });
    await failureOf(breaker.fire());
    expect(abortController.signal.aborted, 'the one signal of opossum').to.equal(true);

    const { circuit, clock, database } = rigWithProbe();
    database.answer = hung;
    trip(circuit);
    await clock.advanceAsync(2100);
    expect(database.signals.map(({ aborted }) => aborted)).to.deep.equal([true, false]);
    circuit.shutdown();
  });

  it('opossum 3: a queue that is full does not open the circuit', async () => {
    const breaker = opossum(hung, { capacity: 1 });
    void breaker.fire();
    for (let i = 0; i < 2; i++) expect(await failureOf(breaker.fire())).to.have.property('code', 'ESEMLOCKED');
    expect(breaker.opened).to.equal(true);

    for (const { circuit } of [rigWithProbe(), rigWithTrials()]) {
      const counts = { total: 20, active: 20, idle: 0, connecting: 0, waiting: 9, max: 20 };
      for (let i = 0; i < 50; i++) {
        await failureOf(circuit.execute(() => Promise.reject(new AcquireTimeoutError('shop', 5, counts))));
      }
      expect(circuit.describe()).to.include({ state: 'closed', isSuspected: false, failed: 0 });
    }
  });

  it('opossum 4: an error that does not count is no success either, and gives its permit back', async () => {
    const breaker = opossum(dead, { errorFilter: () => true, resetTimeout: 1 });
    await halfOpen(breaker);
    await failureOf(breaker.fire());
    expect(breaker.closed).to.equal(true);

    const { circuit, clock } = rigWithTrials();
    trip(circuit);
    await clock.advanceAsync(1000);
    for (let i = 0; i < 10; i++) {
      await failureOf(circuit.execute(() => Promise.reject(new CancelledError('gone', { outcome: 'unknown' }))));
      expect(circuit.describe()).to.include({ state: 'half-open', rejections: 0 });
    }
    await failureOf(circuit.execute(() => Promise.reject(databaseError('23505'))));
    await failureOf(circuit.execute(() => Promise.reject(databaseError('42601'))));
    expect(circuit.state).to.equal('closed');
  });

  it('opossum 4: an error that cannot be looked at leaves nobody waiting', async () => {
    const evil = new Proxy(new Error('evil'), {
      get: () => {
        throw new Error('no look');
      },
      has: () => {
        throw new Error('no look');
      },
    });
    const { circuit } = rigWithProbe();
    let failed = false;
    await circuit.execute(() => Promise.reject(evil)).catch(() => (failed = true));
    expect(failed).to.equal(true);
    expect(circuit.describe()).to.include({ state: 'closed', failed: 0 });
  });

  it('opossum 5: a success from before the trip does not close a half-open circuit', async () => {
    const ends: (() => void)[] = [];
    const breaker = opossum(() => new Promise<void>((resolve) => ends.push(resolve)), { resetTimeout: 1 });
    const stale = breaker.fire();
    await halfOpen(breaker);
    void breaker.fire();
    ends[0]?.();
    await stale;
    expect(breaker.closed, 'opossum, while its probe still runs').to.equal(true);

    const withTrials = rigWithTrials();
    let end: () => void = () => undefined;
    const before = withTrials.circuit.execute(() => new Promise<void>((resolve) => (end = resolve)));
    trip(withTrials.circuit);
    await withTrials.clock.advanceAsync(1000);
    void withTrials.circuit.execute(hung);
    end();
    await before;
    expect(withTrials.circuit.state).to.equal('half-open');

    const withProbe = rigWithProbe();
    const token = withProbe.circuit.begin();
    trip(withProbe.circuit);
    await withProbe.clock.advanceAsync(60);
    expect(withProbe.circuit.state).to.equal('half-open');
    withProbe.circuit.succeed(token);
    expect(withProbe.circuit.state).to.equal('half-open');
    withProbe.circuit.shutdown();
  });

  it('opossum 6: a probe that hangs does not leave the circuit half-open for ever', async () => {
    const breaker = opossum(hung, { resetTimeout: 1 });
    await halfOpen(breaker);
    void breaker.fire();
    for (let i = 0; i < 3; i++) expect(await failureOf(breaker.fire())).to.have.property('code', 'EOPENBREAKER');
    expect(breaker.halfOpen).to.equal(true);

    const withTrials = rigWithTrials();
    trip(withTrials.circuit);
    await withTrials.clock.advanceAsync(1000);
    void withTrials.circuit.execute(hung);
    void withTrials.circuit.execute(hung);
    await withTrials.clock.advanceAsync(2000);
    await failureOf(withTrials.circuit.execute(alive));
    await withTrials.clock.advanceAsync(2000);
    await withTrials.circuit.execute(alive);
    await withTrials.circuit.execute(alive);
    expect(withTrials.circuit.state).to.equal('closed');

    const withProbe = rigWithProbe();
    const answers = [alive, hung, alive, alive];
    withProbe.database.answer = () => answers[withProbe.database.askedAt.length - 1]!();
    trip(withProbe.circuit);
    await withProbe.clock.advanceAsync(500);
    expect(withProbe.circuit.state).to.equal('half-open');
    await withProbe.clock.advanceAsync(5000);
    expect(withProbe.circuit.state).to.equal('closed');
  });

  it('opossum 7: one success does not close it', async () => {
    const breaker = opossum(alive, { resetTimeout: 1 });
    await halfOpen(breaker);
    await breaker.fire();
    expect(breaker.closed).to.equal(true);

    const withTrials = rigWithTrials();
    trip(withTrials.circuit);
    await withTrials.clock.advanceAsync(1000);
    succeed(withTrials.circuit);
    expect(withTrials.circuit.state).to.equal('half-open');
    const withProbe = rigWithProbe();
    trip(withProbe.circuit);
    await withProbe.clock.advanceAsync(60);
    expect(withProbe.database.askedAt).to.have.length(1);
    expect(withProbe.circuit.state).to.equal('half-open');
    withProbe.circuit.shutdown();
  });

  it('opossum 8: the first failure does not open it, and exactly half of the calls does', async () => {
    const first = opossum(dead);
    await failureOf(first.fire());
    expect(first.opened).to.equal(true);
    const half = opossum((fails: boolean) => (fails ? dead() : alive()), { volumeThreshold: 20 });
    for (let i = 0; i < 20; i++) await half.fire(i >= 10).catch(() => undefined);
    expect(half.closed, '50 %').to.equal(true);

    const { circuit } = rigWithProbe();
    for (let i = 0; i < 10; i++) {
      succeed(circuit);
      expect(circuit.state).to.equal('closed');
      fail(circuit);
    }
    expect(circuit.state).to.equal('open');
    circuit.shutdown();
  });

  it('opossum 9: what failed before it was closed does not open it again', async () => {
    let isAlive = false;
    const breaker = opossum(() => (isAlive ? alive() : dead()), { resetTimeout: 1, volumeThreshold: 3 });
    const changed = once(breaker, 'halfOpen');
    for (let i = 0; i < 3; i++) await failureOf(breaker.fire());
    await changed;
    isAlive = true;
    await breaker.fire();
    expect(breaker.closed).to.equal(true);
    isAlive = false;
    await failureOf(breaker.fire());
    expect(breaker.opened, 'by one failure').to.equal(true);

    const { circuit, clock } = rigWithProbe();
    for (let i = 0; i < 30; i++) fail(circuit);
    await clock.advanceAsync(1000);
    succeed(circuit, 20);
    fail(circuit);
    expect(circuit.describe()).to.include({ state: 'closed', calls: 21, failed: 1 });
  });

  it('opossum 9: what is refused is no call, and does not lower the share of failures', async () => {
    const breaker = opossum(alive);
    breaker.open();
    for (let i = 0; i < 5; i++) await failureOf(breaker.fire());
    expect(breaker.stats).to.include({ fires: 5, rejects: 5 });

    const { circuit } = rigWithProbe();
    trip(circuit);
    for (let i = 0; i < 500; i++) await failureOf(circuit.execute(alive));
    expect(circuit.describe()).to.include({ calls: 6, failed: 6, rejections: 500 });
    circuit.shutdown();
  });

  it('opossum 10: it has no timers and no snapshots at rest, and none of opossum when it has been closed', () => {
    const intervals = new Set<unknown>();
    const timeouts = new Set<unknown>();
    const real = { setInterval, setTimeout, clearTimeout };
    globalThis.setInterval = (...args: Parameters<typeof setInterval>) => {
      const timer = real.setInterval(...args);
      intervals.add(timer);
      return timer;
    };
    globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
      const timer = real.setTimeout(...args);
      timeouts.add(timer);
      return timer;
    }) as typeof setTimeout;
    globalThis.clearTimeout = (timer) => {
      timeouts.delete(timer);
      real.clearTimeout(timer);
    };
    try {
      opossum(alive);
      expect(intervals.size, 'of opossum').to.be.at.least(1);
      intervals.clear();
      for (const end of ['mode', 'resume', 'shutdown'] as const) {
        const { circuit } = rigWithProbe();
        expect(intervals.size + timeouts.size).to.equal(0);
        trip(circuit);
        if (end === 'mode') circuit.mode = 'off';
        if (end === 'resume') circuit.isolate();
        if (end === 'resume') circuit.resume();
        if (end === 'shutdown') circuit.shutdown();
        expect(intervals.size + timeouts.size, end).to.equal(0);
      }
    } finally {
      Object.assign(globalThis, real);
    }
  });

  it('opossum 11: a listener that throws does not reject a call that succeeded', async () => {
    const breaker = opossum(alive);
    breaker.on('success', () => {
      throw new Error('of a listener');
    });
    expect(await failureOf(breaker.fire())).to.have.property('message', 'of a listener');

    const { circuit, clock, thrown } = rigWithTrials();
    circuit.on('close', () => {
      throw new Error('of a listener');
    });
    trip(circuit);
    await clock.advanceAsync(1000);
    expect(await circuit.execute(alive)).to.equal('alive');
    expect(await circuit.execute(alive)).to.equal('alive');
    expect(circuit.state).to.equal('closed');
    expect(thrown).to.have.length(1);
  });

  it('opossum 12: what has been shut down asks no more, and does not open', async () => {
    const checks: (() => void)[] = [];
    const real = setInterval;
    globalThis.setInterval = ((check: () => void) => {
      checks.push(check);
      return { unref: () => undefined };
    }) as unknown as typeof setInterval;
    const breaker = opossum(alive, { enableSnapshots: false, rotateBucketController: new EventEmitter() });
    try {
      breaker.healthCheck(dead);
    } finally {
      globalThis.setInterval = real;
    }
    await turn();
    breaker.shutdown();
    expect(breaker.opened).to.equal(false);
    checks[0]?.();
    await turn();
    expect(breaker.opened, 'opossum').to.equal(true);

    const { circuit, clock, database } = rigWithProbe();
    database.answer = dead;
    fail(circuit);
    circuit.shutdown();
    await clock.advanceAsync(3_600_000);
    expect(circuit.state).to.equal('closed');
    expect(database.askedAt).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('opossum 13: what was opened by hand stays open until it is closed by hand', async () => {
    const breaker = opossum(alive, { resetTimeout: 1 });
    await halfOpen(breaker);
    await breaker.fire();
    expect(breaker.closed).to.equal(true);

    for (const { circuit, clock, database } of [rigWithProbe(), rigWithTrials()]) {
      circuit.isolate();
      await clock.advanceAsync(24 * 3_600_000);
      expect(await failureOf(circuit.execute(alive))).to.be.instanceOf(CircuitOpenError);
      expect(database.askedAt).to.deep.equal([]);
      expect(circuit.state).to.equal('isolated');
      circuit.resume();
    }
  });

  it('opossum 14: the open time grows, and opossum does not half-open it before', async () => {
    const { circuit, clock } = rigWithTrials();
    trip(circuit);
    for (const ms of [1000, 2000, 4000, 8000, 16_000]) {
      expect(circuit.describe().leastOpenMs).to.equal(ms);
      await clock.advanceAsync(ms - 1);
      expect(circuit.state).to.equal('open');
      await clock.advanceAsync(1);
      expect(circuit.state).to.equal('half-open');
      fail(circuit);
    }
    circuit.shutdown();
  });

  it('opossum 15: options are not changed, and two that are made with the same share nothing', async () => {
    const given: Opossum.Options = { timeout: false };
    new Opossum(alive, given).shutdown();
    expect(given, 'that were given to opossum').to.have.property('resetTimeout', 30_000);

    const options = Object.freeze({ name: 'shop', failuresInARow: 1, openMs: 5 });
    const broken = new CircuitBreakerDb({ query: dead }, options);
    const sound = new CircuitBreakerDb({ query: async () => 'of the other' }, options);
    for (let i = 0; i < 2; i++) await failureOf(broken.query('select 1'));
    expect(broken.state).to.equal('open');
    expect(sound.state).to.equal('closed');
    expect(await sound.query('select 1')).to.equal('of the other');
    expect(options).to.deep.equal({ name: 'shop', failuresInARow: 1, openMs: 5 });
    broken.close();
    sound.close();
  });

  it('opossum 16: the time that it is open counts from its opening', async () => {
    const breaker = opossum(alive);
    const made = (breaker.toJSON() as unknown as { state: { lastTimerAt: number } }).state.lastTimerAt;
    expect(made, 'it was never open').to.be.a('number');

    const { circuit, clock, changes } = rigWithProbe();
    await clock.advanceAsync(3_600_000);
    expect(circuit.describe().openedForMs).to.equal(undefined);
    trip(circuit);
    expect(circuit.describe().openedForMs).to.equal(0);
    await clock.advanceAsync(1000);
    expect(changes.at(-1)?.openedForMs).to.be.within(1, 1000);
  });

  it('opossum 17: a tight loop of calls does not starve the half-opening', async () => {
    const breaker = opossum(alive, { resetTimeout: 1 });
    breaker.open();
    const until = performance.now() + 10;
    let got = 0;
    while (performance.now() < until)
      await breaker.fire().then(
        () => (got += 1),
        () => undefined,
      );
    expect(got, 'of opossum').to.equal(0);

    const clock = new HeldUpClock();
    const circuit = new Circuit({ name: 'shop', clock });
    trip(circuit);
    let calls = 0;
    while (got === 0 && calls < 2000) {
      calls += 1;
      clock.holdUp(1);
      await circuit.execute(alive).then(
        () => (got += 1),
        () => undefined,
      );
    }
    expect(calls).to.equal(1000);
    expect(circuit.state).to.equal('half-open');
    expect(clock.pending, 'the timer that was starved is gone, too').to.equal(0);
    await circuit.execute(alive);
    expect(circuit.state).to.equal('closed');
  });

  it('opossum 18: the state has a name', () => {
    const { circuit } = rigWithProbe();
    expect(opossum(alive)).not.to.have.property('state');
    expect(circuit.state).to.equal('closed');
  });
});

describe('a clock that jumps', () => {
  it('of the wall, back and forth, has no influence', async () => {
    const wall = Date.now;
    let calls = 0;
    Date.now = () => (calls++ % 2 === 0 ? 0 : 4e12);
    try {
      const { circuit, clock, database, story } = rigWithProbe();
      database.answer = dead;
      trip(circuit);
      await clock.advanceAsync(1000);
      expect(circuit.describe()).to.include({ openedForMs: 1000, state: 'open', probes: 2 });
      database.answer = alive;
      await clock.advanceAsync(1000);
      expect(story()).to.deep.equal([
        'closed → open: failures-in-a-row',
        'open → half-open: probe-succeeded',
        'half-open → closed: recovered',
      ]);
      const trials = rigWithTrials();
      trip(trials.circuit);
      await trials.clock.advanceAsync(999);
      expect(trials.circuit.state).to.equal('open');
      await trials.clock.advanceAsync(1);
      expect(trials.circuit.state).to.equal('half-open');
    } finally {
      Date.now = wall;
    }
  });

  it('by an hour while it is open makes no burst of probes', async () => {
    const clock = new HeldUpClock();
    const askedAt: number[] = [];
    const probe = () => {
      askedAt.push(clock.now());
      return dead();
    };
    const circuit = new Circuit({ name: 'shop', probe, clock, random: () => 0.5 });
    trip(circuit);
    await clock.advanceAsync(1100);
    const before = askedAt.length;
    clock.holdUp(3_600_000);
    await clock.advanceAsync(500);
    expect(askedAt.length - before).to.equal(1);
    await clock.advanceAsync(4900);
    expect(askedAt.length - before, 'it is no longer the first minute').to.equal(2);
    expect(circuit.describe()).to.include({ state: 'open', opened: 1 });
    expect(circuit.describe().openedForMs).to.be.above(3_600_000);
    circuit.shutdown();
    expect(clock.pending).to.equal(0);
  });

  it('by an hour while it is closed and suspected asks once, and forgets the old failures', async () => {
    const clock = new HeldUpClock();
    let asked = 0;
    const probe = async () => (asked += 1);
    const circuit = new Circuit({ name: 'shop', probe, clock, random: () => 0.5 });
    fail(circuit, 3);
    clock.holdUp(3_600_000);
    await clock.advanceAsync(100);
    expect(circuit.describe()).to.include({ state: 'closed', isSuspected: false, calls: 0 });
    expect(asked).to.equal(1);
  });
});
