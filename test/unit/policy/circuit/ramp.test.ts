import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { Ramp } from '../../../../lib/policy/circuit/ramp.js';
import { FakeClock } from '../../../../lib/testing/index.js';

describe('Ramp', () => {
  let clock: FakeClock;
  let applied: { limit: number; at: number }[];

  const rampOf = (ms: number) => new Ramp(ms, (limit) => applied.push({ limit, at: clock.now() }), clock);
  const now = () => applied.at(-1)?.limit;

  beforeEach(() => {
    clock = new FakeClock();
    applied = [];
  });

  it('begins with one, doubles, and is without a limit after its time', () => {
    rampOf(500).begin(20);
    expect(now()).to.equal(1);
    applied.splice(0, applied.length - 1);
    clock.advance(10_000);
    expect(applied).to.deep.equal([
      { limit: 1, at: 0 },
      { limit: 2, at: 100 },
      { limit: 4, at: 200 },
      { limit: 8, at: 300 },
      { limit: 16, at: 400 },
      { limit: Infinity, at: 500 },
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('takes all its time, whatever the size, and never has a limit that limits nothing', () => {
    for (const full of [2, 3, 4, 5, 16, 17, 1000, 10_000]) {
      applied = [];
      const began = clock.now();
      rampOf(500).begin(full);
      clock.advance(499);
      expect(now(), String(full)).to.be.below(full);
      clock.advance(1.001);
      expect(now(), String(full)).to.equal(Infinity);
      expect(applied.at(-1)!.at - began).to.be.closeTo(500, 0.001);
      expect(clock.pending).to.equal(0);
    }
  });

  it('is none where it takes no time, or where there is but one', () => {
    rampOf(0).begin(20);
    rampOf(500).begin(1);
    expect(clock.pending).to.equal(0);
    expect(applied.every(({ limit }) => limit === Infinity)).to.equal(true);
  });

  it('leaves no limit and no timer where it is ended in between', () => {
    const ramp = rampOf(500);
    ramp.begin(20);
    clock.advance(250);
    expect(now()).to.equal(4);
    ramp.end();
    expect(now()).to.equal(Infinity);
    expect(clock.pending).to.equal(0);
    clock.advance(10_000);
    expect(now()).to.equal(Infinity);
  });

  it('begins anew with one where it is begun in between', () => {
    const ramp = rampOf(500);
    ramp.begin(20);
    clock.advance(450);
    ramp.begin(20);
    expect(now()).to.equal(1);
    expect(clock.pending).to.equal(1);
    clock.advance(99);
    expect(now()).to.equal(1);
    clock.advance(401);
    expect(now()).to.equal(Infinity);
  });

  it('acts in no context of a request, and lets the process exit', () => {
    const requests = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const timers: (() => void)[] = [];
    let unrefd = 0;
    const bound = {
      now: () => 0,
      setTimeout: (callback: () => void) => {
        const inContext = AsyncLocalStorage.snapshot();
        timers.push(() => inContext(callback));
        return { unref: () => (unrefd += 1) };
      },
      clearTimeout: () => undefined,
    };
    requests.run('a request', () => new Ramp(500, () => seen.push(requests.getStore()), bound).begin(4));
    seen.length = 0;
    timers[0]?.();
    expect(seen).to.deep.equal([undefined]);
    expect([timers.length, unrefd]).to.deep.equal([2, 2]);
  });
});
