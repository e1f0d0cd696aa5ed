import { expect } from 'chai';
import fc from 'fast-check';
import { RetryBudget } from '../../../lib/policy/retry-budget.js';

describe('RetryBudget', () => {
  let now = 0;
  const budget = (percent: number, perSecond: number) => {
    now = 1_000_000;
    return new RetryBudget(percent, perSecond, () => now);
  };
  const takeAll = (from: RetryBudget) => {
    let taken = 0;
    while (from.take()) taken += 1;
    return taken;
  };

  it('grants a few at once, and as many a second from the next second on', () => {
    const few = budget(20, 3);
    expect(takeAll(few)).to.equal(3);
    now += 1000;
    expect(takeAll(few)).to.equal(0);
    now += 334;
    expect(takeAll(few)).to.equal(1);
    now += 60_000;
    expect(takeAll(few), 'what was not used is not saved up').to.equal(3);
  });

  it('grants less than one a second, too', () => {
    const few = budget(0, 0.5);
    expect(takeAll(few)).to.equal(0);
    now += 2100;
    expect(takeAll(few)).to.equal(1);
    now += 1000;
    expect(takeAll(few)).to.equal(0);
  });

  it('grants a share of the calls', () => {
    const share = budget(20, 0);
    expect(takeAll(share)).to.equal(0);
    for (let i = 0; i < 99; i++) share.onCall();
    expect(takeAll(share)).to.equal(19);
    share.onCall();
    expect(takeAll(share)).to.equal(1);
  });

  it('forgets the calls of long ago', () => {
    const share = budget(20, 0);
    for (let i = 0; i < 100_000; i++) share.onCall();
    // 1000 s at 100 a second: 10 s of it count.
    now += 1_000_000;
    expect(takeAll(share)).to.be.within(199, 200);
    for (let i = 0; i < 100; i++) share.onCall();
    expect(share.take()).to.equal(true);
    now += 10_000;
    expect(takeAll(share)).to.equal(0);
  });

  it('grants nothing where nothing is to be granted', () => {
    const none = budget(0, 0);
    for (let i = 0; i < 100; i++) none.onCall();
    now += 10_000;
    expect(takeAll(none)).to.equal(0);
  });

  it('never grants more than the share of the calls and so many a second, whatever comes when', () => {
    const step = fc.oneof(
      fc.record({ call: fc.integer({ min: 1, max: 500 }) }),
      fc.record({ passed: fc.integer({ min: 0, max: 30_000 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 200 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = budget(20, 3);
        let calls = 0;
        let granted = 0;
        const began = now;
        for (const { call = 0, passed = 0, take = 0 } of steps as { call?: number; passed?: number; take?: number }[]) {
          for (let i = 0; i < call; i++) one.onCall();
          calls += call;
          now += passed;
          for (let i = 0; i < take; i++) granted += one.take() ? 1 : 0;
          const seconds = Math.max(1, (now - began) / 1000);
          expect(granted).to.be.at.most(calls * 0.2 + seconds * 3 + 1e-6);
        }
      }),
      { numRuns: 300 },
    );
  });
});
