import { expect } from 'chai';
import { fullJitter } from '../../../lib/policy/backoff.js';
import { sleep } from '../../../lib/policy/sleep.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('fullJitter', () => {
  const draw = (attempt: number) => Array.from({ length: 2000 }, () => fullJitter(attempt, 100, 1000));

  it('stays below a ceiling that doubles up to the greatest', () => {
    for (const [attempt, ceiling] of [
      [1, 100],
      [2, 200],
      [4, 800],
      [5, 1000],
      [500, 1000],
    ] as const) {
      const pauses = draw(attempt);
      expect(Math.max(...pauses)).to.be.within(ceiling * 0.9, ceiling);
      expect(Math.min(...pauses)).to.be.within(0, ceiling * 0.1);
    }
  });
});

describe('sleep', () => {
  it('resolves after its time', async () => {
    const clock = new FakeClock();
    let awake = false;
    const asleep = sleep(100, undefined, clock).then(() => (awake = true));
    await clock.advanceAsync(99);
    expect(awake).to.equal(false);
    await clock.advanceAsync(1);
    await asleep;
  });

  it('ends with the reason of its signal, before and meanwhile, and leaves no timer', async () => {
    const clock = new FakeClock();
    const reason = new Error('stop');
    expect(await sleep(100, AbortSignal.abort(reason), clock).catch((e: unknown) => e)).to.equal(reason);
    const controller = new AbortController();
    const asleep = sleep(100, controller.signal, clock).catch((error: unknown) => error);
    controller.abort(reason);
    expect(await asleep).to.equal(reason);
    expect(clock.pending).to.equal(0);
  });
});
