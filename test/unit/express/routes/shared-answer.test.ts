import { expect } from 'chai';
import { shared } from '../../../../lib/express/shared-answer.js';
import { FakeClock } from '../../../../lib/testing/index.js';

describe('a shared answer', () => {
  it('is made once at a time, kept for its time, and made anew then, also where it failed', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const answer = shared(
      async () => {
        const call = ++calls;
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 10_000));
        if (call === 2) throw new Error('failed');
        return call;
      },
      5000,
      clock,
    );
    const outcome = () => answer().catch((error: Error) => error.message);
    const first = [outcome(), outcome()];
    await clock.advanceAsync(9000);
    first.push(outcome());
    await clock.advanceAsync(1000 + 4999);
    expect(await Promise.all([...first, outcome()])).to.deep.equal([1, 1, 1, 1]);
    await clock.advanceAsync(1);
    const second = outcome();
    await clock.advanceAsync(10_000);
    expect(await Promise.all([second, outcome()])).to.deep.equal(['failed', 'failed']);
    expect(calls).to.equal(2);
    await clock.advanceAsync(5000);
    const third = outcome();
    await clock.advanceAsync(10_000);
    expect(await third).to.equal(3);
  });

  it('may be thrown synchronously', async () => {
    const answer = shared(() => {
      throw new Error('at once');
    }, 5000);
    expect(await answer().catch((error: Error) => error.message)).to.equal('at once');
  });
});
