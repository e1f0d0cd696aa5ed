import { expect } from 'chai';
import { between, mostWithin } from '../../../bench/circuit/fleet/rates.js';

describe('the most moments within a window', () => {
  it('are found wherever the window begins, in any order', () => {
    expect(mostWithin([1900, 0, 950, 1000, 1050], 1000)).to.equal(4);
  });

  it('do not hold both ends of the window', () => {
    expect(mostWithin([0, 1000], 1000)).to.equal(1);
    expect(mostWithin([0, 999.9], 1000)).to.equal(2);
  });

  it('are none of none', () => {
    expect(mostWithin([], 1000)).to.equal(0);
  });

  it('are counted from a moment to before another', () => {
    expect(between([1, 2, 3, 4], 2, 4)).to.deep.equal([2, 3]);
  });
});
