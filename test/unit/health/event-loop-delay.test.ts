import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { EventLoopDelay } from '../../../lib/health/event-loop-delay.js';

describe('EventLoopDelay', () => {
  let delay: EventLoopDelay;
  beforeEach(() => {
    delay = new EventLoopDelay();
    delay.start();
  });
  afterEach(() => delay.close());

  const holdUp = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };

  it('is 0 before anything was measured', () => {
    expect(delay.ms()).to.equal(0);
  });

  it('does not count the pause between two measurements', async () => {
    let leastMs = Infinity;
    for (let tries = 0; tries < 40 && leastMs >= 15; tries++) {
      await sleep(60);
      leastMs = Math.min(leastMs, delay.ms());
      delay.nextInterval();
    }
    expect(leastMs).to.be.below(15);
  });

  it('tells that this process was held up, for the interval in which it was and the next one', async () => {
    await sleep(100);
    holdUp(400);
    await sleep(100);
    expect(delay.ms()).to.be.within(300, 1600);
    delay.nextInterval();
    await sleep(100);
    expect(delay.ms()).to.be.within(300, 1600);
    delay.nextInterval();
    await sleep(100);
    expect(delay.ms()).to.be.below(200);
  });
});
