import { expect } from 'chai';
import fc from 'fast-check';
import { Acquisitions } from '../../../lib/monitor/acquisitions.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('Acquisitions', () => {
  it('begin with zeros', () => {
    const acquisitions = new Acquisitions();
    expect(acquisitions.total).to.equal(0);
    expect(acquisitions.failures).to.equal(0);
    expect(acquisitions.recentlySlow).to.equal(0);
    expect(acquisitions.times()).to.deep.equal({ avg_ms: 0, p95_ms: 0, max_ms: 0 });
    const zeros = { timeout: 0, deadline: 0, cancelled: 0, 'circuit-open': 0, connect: 0, closed: 0 };
    expect(acquisitions.failuresBy()).to.deep.equal(zeros);
    expect(acquisitions.recentFailuresBy()).to.deep.equal(zeros);
  });

  it('count every one, and keep the times of the last ones only', () => {
    const acquisitions = new Acquisitions(100);
    for (let i = 0; i < 50_000; i++) acquisitions.acquired(5000);
    for (let ms = 1; ms <= 100; ms++) acquisitions.acquired(ms);
    expect(acquisitions.total).to.equal(50_100);
    expect(acquisitions.times()).to.deep.equal({ avg_ms: 50.5, p95_ms: 95, max_ms: 100 });
    acquisitions.acquired(7000);
    expect(acquisitions.times().max_ms).to.equal(7000);
    expect(acquisitions.times().avg_ms).to.be.closeTo(50.5 + 69.99, 1e-9);
  });

  it('tell the times of the few there are', () => {
    const acquisitions = new Acquisitions();
    acquisitions.acquired(30);
    expect(acquisitions.times()).to.deep.equal({ avg_ms: 30, p95_ms: 30, max_ms: 30 });
    acquisitions.acquired(9);
    expect(acquisitions.times()).to.deep.equal({ avg_ms: 19.5, p95_ms: 30, max_ms: 30 });
  });

  it('sort the times once for all who ask before the next one', () => {
    const acquisitions = new Acquisitions(10);
    acquisitions.acquired(5);
    expect(acquisitions.times()).to.equal(acquisitions.times());
    acquisitions.acquired(7);
    expect(acquisitions.times()).to.deep.equal({ avg_ms: 6, p95_ms: 7, max_ms: 7 });
  });

  it('have the times that a sorted list of the last ones has', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (waits, samples) => {
          const acquisitions = new Acquisitions(samples);
          for (const ms of waits) {
            acquisitions.acquired(ms);
            acquisitions.times();
          }
          const last = waits.slice(-samples).sort((a, b) => a - b);
          const { avg_ms, p95_ms, max_ms } = acquisitions.times();
          expect(max_ms).to.equal(last.at(-1));
          expect(avg_ms).to.be.closeTo(last.reduce((sum, ms) => sum + ms, 0) / last.length, 1e-3);
          expect(last.filter((ms) => ms <= p95_ms).length / last.length).to.be.at.least(0.95);
          expect(last.filter((ms) => ms < p95_ms).length / last.length).to.be.below(0.95);
        },
      ),
    );
  });

  it('count failures by their reason, and those of the last minute', () => {
    const clock = new FakeClock();
    const acquisitions = new Acquisitions(10, clock);
    acquisitions.failed('timeout', 30_000);
    acquisitions.failed('timeout', 30_000);
    acquisitions.failed('circuit-open', 0);
    clock.advance(50_000);
    acquisitions.failed('timeout', 30_000);
    expect(acquisitions.recentFailuresBy()).to.include({ timeout: 3, 'circuit-open': 1, connect: 0 });
    clock.advance(10_000);
    expect(acquisitions.recentFailuresBy()).to.include({ timeout: 1, 'circuit-open': 0 });
    clock.advance(60_000);
    expect(acquisitions.recentFailuresBy()).to.include({ timeout: 0 });
    expect(acquisitions.failuresBy()).to.include({ timeout: 3, 'circuit-open': 1, connect: 0 });
    expect(acquisitions.failures).to.equal(4);
    expect(acquisitions.total).to.equal(0);
  });

  it('know how many of the last minute had to wait for more than a second', () => {
    const clock = new FakeClock();
    const acquisitions = new Acquisitions(10, clock);
    acquisitions.acquired(1000);
    expect(acquisitions.recentlySlow).to.equal(0);
    acquisitions.acquired(1001);
    expect(acquisitions.recentlySlow).to.equal(1);
    clock.advance(61_000);
    expect(acquisitions.recentlySlow).to.equal(0);
  });

  it('hand out counts that are nobody else’s', () => {
    const acquisitions = new Acquisitions();
    const counts = acquisitions.failuresBy();
    acquisitions.failed('connect', 1);
    expect(counts.connect).to.equal(0);
  });
});
