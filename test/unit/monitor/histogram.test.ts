import { expect } from 'chai';
import fc from 'fast-check';
import { Histogram } from '../../../lib/monitor/histogram.js';

function histogramOf(times: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of times) histogram.record(ms);
  return histogram;
}

// Not fc.double: nearly all of its numbers are tiny.
const share = fc.integer({ min: 0, max: 1_000_000 }).map((millionths) => millionths / 1_000_000);
/** From 0.01 ms to an hour, each order of magnitude as likely as the others. */
const duration = share.map((part) => 0.01 * 3.6e8 ** part);

describe('a histogram of durations', () => {
  it('knows their number, their sum and the longest', () => {
    const { count, total, max } = histogramOf([3, 1.5, 10, 0]);
    expect({ count, total, max }).to.deep.equal({ count: 4, total: 14.5, max: 10 });
  });

  it('is 0 in everything where there is none', () => {
    const empty = new Histogram();
    expect([empty.count, empty.total, empty.max, empty.quantile(0.5), empty.quantile(1)]).to.deep.equal([
      0, 0, 0, 0, 0,
    ]);
  });

  it('is within 5 % of every quantile', () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 200 }), share, (times, q) => {
        const sorted = times.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
        const found = histogramOf(times).quantile(q);
        expect(found).to.be.within(exact / 1.05, exact * 1.05);
        expect(found).to.be.within(sorted[0] ?? NaN, sorted.at(-1) ?? NaN);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact where all are the same', () => {
    expect(histogramOf([7, 7, 7]).quantile(0.95)).to.equal(7);
  });

  it('takes what is shorter than 0.01 ms, longer than an hour, negative or no number', () => {
    const histogram = histogramOf([0, 1e-9, -5, NaN, 1e9, Number.MAX_VALUE]);
    expect(histogram.count).to.equal(6);
    expect(histogramOf([-5, NaN, 1]).total).to.equal(1);
    expect(histogram.quantile(0.5)).to.be.within(0, 0.01);
    expect(histogram.quantile(1)).to.be.within(3_400_000, Number.MAX_VALUE);
    expect(histogramOf([1e8, 2e8]).quantile(0.5)).to.equal(1e8);
  });

  it('is small where times are alike, and never large', () => {
    const alike = histogramOf([10, 11, 12]);
    expect(alike.bytes).to.be.below(400);
    const all = new Histogram();
    for (let ms = 1e-3; ms < 1e9; ms *= 1.05) all.record(ms);
    expect(all.bytes).to.be.within(1000, 2000);
  });

  it('finds its quantiles again after it has grown to both sides', () => {
    const histogram = histogramOf([100, 1, 10_000, 0.1, 100]);
    const found = [0.2, 0.4, 0.6, 0.8, 1].map((q) => histogram.quantile(q));
    for (const [index, exact] of [0.1, 1, 100, 100, 10_000].entries()) {
      expect(found[index]).to.be.within(exact / 1.05, exact * 1.05);
    }
  });
});
