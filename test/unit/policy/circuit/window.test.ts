import { expect } from 'chai';
import fc from 'fast-check';
import { Window } from '../../../../lib/policy/circuit/window.js';
import { FakeClock } from '../../../../lib/testing/index.js';

describe('Window', () => {
  let clock: FakeClock;
  let window: Window;

  beforeEach(() => {
    clock = new FakeClock(123_456);
    window = new Window(clock, 10_000);
  });

  it('counts answers and failures', () => {
    expect(window.totals()).to.deep.equal({ calls: 0, failed: 0 });
    window.addAnswer();
    window.addAnswer();
    window.addFailure();
    expect(window.totals()).to.deep.equal({ calls: 3, failed: 1 });
  });

  it('keeps what came up to 9 s ago, and forgets what came 10 s ago', () => {
    window.addFailure();
    clock.advance(9999);
    expect(window.totals()).to.deep.equal({ calls: 1, failed: 1 });
    clock.advance(1);
    expect(window.totals()).to.deep.equal({ calls: 0, failed: 0 });
  });

  it('forgets by tenths', () => {
    clock.advance(999);
    window.addFailure();
    clock.advance(1);
    window.addFailure();
    clock.advance(8999);
    expect(window.totals().failed).to.equal(2);
    clock.advance(1);
    expect(window.totals().failed, 'the first tenth is over').to.equal(1);
    clock.advance(999);
    expect(window.totals().failed).to.equal(1);
    clock.advance(1);
    expect(window.totals().failed).to.equal(0);
  });

  it('forgets what is old also where the first look after it is an addition', () => {
    window.addFailure();
    window.addAnswer();
    clock.advance(10_000);
    window.addAnswer();
    expect(window.totals()).to.deep.equal({ calls: 1, failed: 0 });
    clock.advance(10_000);
    window.addFailure();
    expect(window.totals()).to.deep.equal({ calls: 1, failed: 1 });
  });

  it('forgets everything in one step where the clock has moved by hours', () => {
    for (let i = 0; i < 10; i++) {
      window.addFailure();
      clock.advance(1000);
    }
    clock.advance(5 * 3_600_000 + 7);
    expect(window.totals()).to.deep.equal({ calls: 0, failed: 0 });
    window.addFailure();
    clock.advance(9999);
    expect(window.totals().failed, 'and counts on from there').to.equal(1);
    clock.advance(1);
    expect(window.totals().failed).to.equal(0);
  });

  it('has tenths that begin with their first millisecond', () => {
    clock.advance(1000);
    window.addAnswer();
    window.addFailure();
    clock.advance(9999);
    expect(window.totals()).to.deep.equal({ calls: 2, failed: 1 });
    clock.advance(1);
    expect(window.totals()).to.deep.equal({ calls: 0, failed: 0 });
  });

  it('is empty when it has been cleared', () => {
    window.addAnswer();
    clock.advance(3000);
    window.addFailure();
    window.clear();
    expect(window.totals()).to.deep.equal({ calls: 0, failed: 0 });
  });

  it('tells what happened within the last 9 s, and nothing of 10 s ago, whenever it is asked', () => {
    const step = fc.record({ passed: fc.nat({ max: 4000 }), isFailure: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = new Window(clock, 10_000);
        const happened: { at: number; isFailure: boolean }[] = [];
        for (const { passed, isFailure } of steps) {
          clock.advance(passed);
          if (isFailure) one.addFailure();
          else one.addAnswer();
          happened.push({ at: clock.now(), isFailure });
          const within = (ms: number) => happened.filter(({ at }) => clock.now() - at < ms);
          const { calls, failed } = one.totals();
          expect(calls).to.be.within(within(9001).length, within(10_000).length);
          const failures = (ms: number) => within(ms).filter((each) => each.isFailure).length;
          expect(failed).to.be.within(failures(9001), failures(10_000));
        }
      }),
    );
  });
});
