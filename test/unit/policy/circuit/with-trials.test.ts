import { expect } from 'chai';
import { CancelledError, CircuitOpenError, QueryTimeoutError } from '../../../../lib/errors/errors.js';
import { FakeClock } from '../../../../lib/testing/index.js';
import { databaseError, fail, failureOf, refused, rigWithTrials, succeed, trip } from './rig.js';
import type { Rig } from './rig.js';

interface Trial {
  readonly outcome: Promise<unknown>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

describe('a circuit without a probe', () => {
  let rig: Rig;
  const state = () => rig.circuit.state;
  const pass = (ms: number) => rig.clock.advanceAsync(ms);

  beforeEach(() => {
    rig = rigWithTrials();
  });

  async function begin(): Promise<Trial> {
    let resolve: () => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const work = new Promise<void>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    const outcome = rig.circuit.execute(() => work);
    outcome.catch(() => undefined);
    await pass(0);
    return { outcome, resolve, reject };
  }

  async function toHalfOpen(): Promise<void> {
    trip(rig.circuit);
    await pass(1000);
    expect(state()).to.equal('half-open');
  }

  it('opens as one with a probe does, and counts time-outs, too', async () => {
    const late = () => rig.circuit.execute(() => Promise.reject(new QueryTimeoutError(5, { outcome: 'unknown' })));
    for (let i = 0; i < 5; i++) await failureOf(late());
    expect(state()).to.equal('closed');
    await failureOf(late());
    expect(rig.story()).to.deep.equal(['closed → open: failures-in-a-row']);
  });

  it('takes twenty that are lost at once for one failure, and an answer for the end of the suspicion', () => {
    const tokens = Array.from({ length: 20 }, () => rig.circuit.begin());
    for (const token of tokens) rig.circuit.fail(token, refused());
    expect(rig.circuit.describe()).to.include({ failed: 1, isSuspected: true, state: 'closed' });
    succeed(rig.circuit);
    expect(rig.circuit.describe().isSuspected).to.equal(false);
    fail(rig.circuit, 5);
    expect(state(), 'the first of five is a suspicion').to.equal('closed');
    fail(rig.circuit);
    expect(state()).to.equal('open');
  });

  it('keeps its suspicion where what is answered began before it', () => {
    const old = rig.circuit.begin();
    fail(rig.circuit);
    rig.circuit.succeed(old);
    expect(rig.circuit.describe().isSuspected).to.equal(true);
  });

  it('lets callers try after a second, and says so; it asks nothing by itself', async () => {
    trip(rig.circuit);
    expect(rig.circuit.refusal().retryAfterMs).to.equal(1000);
    await pass(999);
    expect(state()).to.equal('open');
    expect(rig.circuit.refusal().retryAfterMs).to.equal(1);
    await pass(1);
    expect(rig.story().at(-1)).to.equal('open → half-open: trial-due');
    expect(rig.circuit.refusal().retryAfterMs).to.equal(0);
    expect(rig.clock.pending).to.equal(0);
    expect(rig.circuit.describe().probes).to.equal(0);
  });

  it('lets callers try also where its timer fires a little early, as those of Node do', async () => {
    class Early extends FakeClock {
      override setTimeout(callback: () => void, ms: number) {
        return super.setTimeout(callback, Math.trunc(ms) - 0.5);
      }
    }
    rig = rigWithTrials({}, { clock: new Early() });
    trip(rig.circuit);
    await pass(1002);
    expect(state()).to.equal('half-open');
    expect(rig.clock.pending).to.equal(0);
  });

  it('lets as many try as there are permits, and refuses the others meanwhile', async () => {
    for (const permits of [1, 2, 5]) {
      rig = rigWithTrials({}, { trials: { permits, timeoutMs: 2000, openMs: 1000 } });
      await toHalfOpen();
      const trials: Trial[] = [];
      for (let i = 0; i < permits; i++) trials.push(await begin());
      const other = await begin();
      expect(await failureOf(other.outcome)).to.be.instanceOf(CircuitOpenError);
      for (const [index, trial] of trials.entries()) {
        expect(state(), `after ${String(index)} of ${String(permits)}`).to.equal('half-open');
        trial.resolve();
        await pass(0);
      }
      expect(state()).to.equal('closed');
      expect(rig.story().at(-1)).to.equal('half-open → closed: recovered');
      expect(rig.circuit.describe()).to.include({ rejections: 1, calls: 0 });
      expect(rig.clock.pending).to.equal(0);
    }
  });

  it('takes a constraint that is violated for a sign of life', async () => {
    await toHalfOpen();
    for (let i = 0; i < 2; i++) await failureOf(rig.circuit.execute(() => Promise.reject(databaseError('23505'))));
    expect(state()).to.equal('closed');
  });

  it('gives the permit back where who tried gives up', async () => {
    await toHalfOpen();
    for (let i = 0; i < 10; i++) {
      const [first, second] = [await begin(), await begin()];
      first.reject(new CancelledError('gave up', { outcome: 'unknown' }));
      second.reject(new TypeError('x is not a function'));
      await pass(0);
      expect(state()).to.equal('half-open');
    }
    expect(rig.circuit.describe().rejections).to.equal(0);
    succeed(rig.circuit, 2);
    expect(state()).to.equal('closed');
  });

  it('stays open for twice as long each time a trial fails, up to 16 s, as one outage', async () => {
    await toHalfOpen();
    const least: number[] = [];
    for (let i = 0; i < 6; i++) {
      fail(rig.circuit);
      expect(rig.story().at(-1)).to.equal('half-open → open: trial-failed');
      const { leastOpenMs } = rig.circuit.describe();
      least.push(leastOpenMs);
      expect(rig.circuit.refusal().retryAfterMs).to.equal(leastOpenMs);
      await pass(leastOpenMs - 1);
      expect(state()).to.equal('open');
      await pass(1);
      expect(state()).to.equal('half-open');
    }
    expect(least).to.deep.equal([2000, 4000, 8000, 16_000, 16_000, 16_000]);
    expect(rig.circuit.describe()).to.include({ opened: 1, openedForMs: 63_000 });
    succeed(rig.circuit, 2);
    expect(rig.changes.at(-1)).to.include({ reason: 'recovered', openedForMs: 63_000 });
  });

  it('ends the other trials where one fails', async () => {
    await toHalfOpen();
    const [first, second] = [await begin(), await begin()];
    first.reject(refused());
    await pass(2000);
    expect(state()).to.equal('half-open');
    second.resolve();
    succeed(rig.circuit);
    await pass(0);
    expect(state(), 'one of two of now').to.equal('half-open');
    succeed(rig.circuit);
    expect(state()).to.equal('closed');
  });

  it('takes a trial that hangs for one that has failed', async () => {
    await toHalfOpen();
    const stuck = await begin();
    await pass(1999);
    succeed(rig.circuit);
    expect(await failureOf(rig.circuit.execute(() => 1))).to.be.instanceOf(CircuitOpenError);
    expect(state()).to.equal('half-open');
    await pass(1);
    expect(await failureOf(rig.circuit.execute(() => 1))).to.be.instanceOf(CircuitOpenError);
    expect(rig.story().at(-1)).to.equal('half-open → open: trial-failed');
    expect(rig.circuit.describe().leastOpenMs).to.equal(2000);
    stuck.resolve();
    await pass(0);
    expect(state()).to.equal('open');
    await pass(2000);
    await rig.circuit.execute(() => 1);
    await rig.circuit.execute(() => 1);
    expect(state()).to.equal('closed');
  });

  it('is closed by no success, and opened by no failure, of what began before the last change', async () => {
    const tokens = Array.from({ length: 20 }, () => rig.circuit.begin());
    await toHalfOpen();
    for (const token of tokens.slice(0, 5)) rig.circuit.succeed(token);
    for (const token of tokens.slice(5, 10)) rig.circuit.fail(token, refused());
    for (const token of tokens.slice(10, 15)) rig.circuit.settle(token, new Error('x'), 'nothing');
    expect(rig.story()).to.have.length(2);
    expect(state()).to.equal('half-open');
    succeed(rig.circuit, 2);
    for (const token of tokens.slice(15)) rig.circuit.fail(token, refused());
    expect(rig.circuit.describe()).to.include({ state: 'closed', calls: 0, isSuspected: false });
  });

  it('in mode metrics-only lets all through, and only those with a permit count', async () => {
    rig = rigWithTrials({ mode: 'metrics-only' });
    trip(rig.circuit);
    const open = await begin();
    await pass(1000);
    const [first, second, third] = [await begin(), await begin(), await begin()];
    expect(rig.circuit.describe()).to.include({ state: 'half-open', rejections: 0, wouldBeRejections: 2 });
    third.resolve();
    open.resolve();
    await pass(0);
    expect(state()).to.equal('half-open');
    first.resolve();
    second.resolve();
    await pass(0);
    expect(state()).to.equal('closed');
  });

  it('isolated lets nobody try, and begins anew when it is resumed', async () => {
    await toHalfOpen();
    const trial = await begin();
    rig.circuit.isolate();
    await pass(60_000);
    expect(await failureOf(rig.circuit.execute(() => 1))).to.be.instanceOf(CircuitOpenError);
    trial.reject(refused());
    await pass(0);
    expect(rig.story().at(-1)).to.equal('half-open → isolated: by-hand');
    expect(rig.clock.pending).to.equal(0);
    rig.circuit.resume();
    expect(state()).to.equal('closed');
    expect(rig.clock.pending).to.equal(0);
  });

  it('stays isolated where the last trial succeeds', async () => {
    rig = rigWithTrials({}, { trials: { permits: 1, timeoutMs: 2000, openMs: 1000 } });
    await toHalfOpen();
    const trial = await begin();
    rig.circuit.isolate();
    trial.resolve();
    await pass(0);
    expect(state()).to.equal('isolated');
  });

  it('is opened again within a minute for longer than it was', async () => {
    await toHalfOpen();
    succeed(rig.circuit, 2);
    await pass(30_000);
    trip(rig.circuit);
    expect(rig.circuit.describe().leastOpenMs).to.equal(2000);
    await pass(2000);
    succeed(rig.circuit, 2);
    await pass(60_001);
    trip(rig.circuit);
    expect(rig.circuit.describe().leastOpenMs).to.equal(1000);
    rig.circuit.shutdown();
  });
});
