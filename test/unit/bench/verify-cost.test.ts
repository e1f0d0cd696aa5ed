import { expect } from 'chai';
import type { CandidateName } from '../../../bench/pool/names.js';
import type { Series } from '../../../bench/pool/rounds.js';
import { verifyCosts } from '../../../bench/pool/verify-cost.js';

/** Slices of 200 ms; each transaction takes `cpuMicros` of CPU. */
function series(candidate: CandidateName, callers: number, done: number[], cpuMicros: number): Series {
  const slices = done.map((each) => ({ done: each, ms: 200, cpuMicros: each * cpuMicros, bytes: 0 }));
  return { workload: 'transaction', callers, mode: 'outside', candidate, slices };
}

describe('bench: cost of verifyCommit', () => {
  it('is what a caller waits longer, and the CPU on top, against the same round without it', () => {
    // The machine was half as fast in the third round: 2000 and 2500 µs instead of 1000 and 1250.
    const [cost] = verifyCosts([
      series('bare', 1, [400, 400, 200], 80),
      series('ours', 1, [200, 200, 100], 100),
      series('verified', 1, [160, 160, 80], 120),
    ]);
    expect(cost?.micros).to.deep.equal({ median: 250, low: 250, high: 375, least: 250, most: 500 });
    expect(cost?.cpuMicros.median).to.equal(20);
    expect(cost?.throughput.median).to.be.closeTo(0.8, 1e-9);
  });

  it('ten callers wait ten times as long for as many transactions', () => {
    const [cost] = verifyCosts([series('ours', 10, [200], 100), series('verified', 10, [160], 100)]);
    expect(cost?.micros.median).to.equal(2500);
  });

  it('compares what had as many callers', () => {
    const costs = verifyCosts([
      series('ours', 1, [200], 100),
      series('ours', 10, [400], 100),
      series('verified', 1, [200], 100),
      series('verified', 10, [200], 100),
    ]);
    expect(costs.map(({ callers, throughput }) => [callers, throughput.median])).to.deep.equal([
      [1, 1],
      [10, 0.5],
    ]);
  });

  it('there is nothing to say without its counterpart', () => {
    expect(() => verifyCosts([series('verified', 1, [200], 100)])).to.throw('without verifyCommit');
  });
});
