import { expect } from 'chai';
import { StackBudget } from '../../../lib/pool/stack-budget.js';

describe('the stacks of checkouts', () => {
  const takenOf = (budget: StackBudget, number: number, now: number) =>
    Array.from({ length: number }, () => budget.take(now)).filter((taken) => taken).length;

  it('are captured of each, up to a hundred a second', () => {
    const budget = new StackBudget();
    expect(takenOf(budget, 100, 0)).to.equal(100);
    expect(takenOf(budget, 900, 999)).to.equal(0);
    expect(takenOf(budget, 1000, 1000)).to.equal(100);
    expect(takenOf(budget, 50, 5000)).to.equal(50);
  });

  it('are captured of all for a minute after a leak whose borrower is not known', () => {
    const budget = new StackBudget();
    takenOf(budget, 100, 0);
    budget.onUnknownBorrower(10);
    expect(takenOf(budget, 1000, 900)).to.equal(1000);
    expect(takenOf(budget, 1000, 60_009)).to.equal(1000);
    expect(takenOf(budget, 1000, 60_010)).to.equal(0);
  });
});
