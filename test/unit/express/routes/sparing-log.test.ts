import { expect } from 'chai';
import { silentLogger } from '../../../../lib/core/logger.js';
import { shared } from '../../../../lib/express/shared-answer.js';
import { SparingLog } from '../../../../lib/express/sparing-log.js';
import { FakeClock } from '../../../../lib/testing/index.js';

describe('SparingLog', () => {
  it('tells each thing once a minute', () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const log = new SparingLog({ ...silentLogger, warn: (_fields, message) => void lines.push(message) }, clock);
    for (let seconds = 0; seconds < 120; seconds++) {
      log.warn('one');
      log.warn('other');
      clock.advance(1000);
    }
    expect(lines).to.deep.equal(['one', 'other', 'one', 'other']);
  });

  it('bears a logger that throws', () => {
    const warn = () => {
      throw new Error('disk full');
    };
    new SparingLog({ ...silentLogger, warn }).warn('one');
  });
});

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
  });

  it('may be thrown synchronously', async () => {
    const answer = shared(() => {
      throw new Error('at once');
    }, 5000);
    expect(await answer().catch((error: Error) => error.message)).to.equal('at once');
  });
});
