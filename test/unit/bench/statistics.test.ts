import { expect } from 'chai';
import { pairedRatios, quantile, shuffled, spread } from '../../../bench/pool/statistics.js';

describe('bench: statistics', () => {
  it('the median is the middle, or the mean of the two in the middle, whatever the order', () => {
    expect(quantile([3, 1, 2], 0.5)).to.equal(2);
    expect(quantile([4, 1, 3, 2], 0.5)).to.equal(2.5);
  });

  it('sorts by value, not by text', () => {
    expect(quantile([10, 9, 100], 0.5)).to.equal(10);
  });

  it('a spread has quartiles, interpolated, and both ends', () => {
    expect(spread([4, 8, 2, 6])).to.deep.equal({ median: 5, low: 3.5, high: 6.5, least: 2, most: 8 });
  });

  it('leaves the values in their order: they are one a round', () => {
    const values = [3, 1, 2];
    spread(values);
    expect(values).to.deep.equal([3, 1, 2]);
  });

  it('there is no quantile of nothing', () => {
    expect(() => quantile([], 0.5)).to.throw('no values');
  });

  it('a ratio is that of the same round', () => {
    // The machine was half as fast in the second round, for both: the pair does not show it.
    expect(pairedRatios([110, 55], [100, 50])).to.deep.equal([1.1, 1.1]);
  });

  it('a round without its pair is refused', () => {
    expect(() => pairedRatios([1, 2], [1])).to.throw('2 against 1');
  });

  it('shuffling keeps every value, and each place is as likely for each', () => {
    const places = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const mixed = shuffled(['a', 'b', 'c']);
      expect([...mixed].sort()).to.deep.equal(['a', 'b', 'c']);
      places.set(mixed.join(''), (places.get(mixed.join('')) ?? 0) + 1);
    }
    // 1000 expected of each order; 200 is seven standard deviations.
    for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
      expect(places.get(order), order).to.be.within(800, 1200);
    }
  });
});
