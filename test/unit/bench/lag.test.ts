import { expect } from 'chai';
import { lagOf } from '../../../bench/faults/lag.js';

const sample = (dueAt: number, ms: number) => ({ dueAt, ms, status: '200' });

describe('what the machine added to an answer', () => {
  it('is nothing where nothing was measured', () => expect(lagOf(sample(0, 2000), [])).to.equal(0));

  it('is the worst control request around its beginning and around its end', () => {
    const control = [sample(0, 2), sample(100, 40), sample(1000, 500), sample(2100, 7), sample(2150, 5)];
    expect(lagOf(sample(0, 2050), control)).to.equal(40 + 7);
  });

  it('counts a control request that took as long as the answer did', () => {
    expect(lagOf(sample(1000, 10), [sample(0, 900)])).to.equal(1800);
  });
});
