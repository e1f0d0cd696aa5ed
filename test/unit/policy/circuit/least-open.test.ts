import { expect } from 'chai';
import { LeastOpen } from '../../../../lib/policy/circuit/least-open.js';

describe('LeastOpen', () => {
  it('is nothing at first, then 1, 2, 4, 8 and 16 s where it opens again within a minute of being closed', () => {
    const least = new LeastOpen(0);
    let now = 5000;
    const seen: number[] = [];
    for (let i = 0; i < 8; i++) {
      least.onOpen(now);
      seen.push(least.ms);
      now += 100_000;
      least.onClose(now);
      now += 60_000;
    }
    expect(seen).to.deep.equal([0, 1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]);
  });

  it('is what it was at first where it has been closed for more than a minute', () => {
    for (const first of [0, 3000]) {
      const least = new LeastOpen(first);
      least.onOpen(0);
      least.onClose(1000);
      least.onOpen(61_000);
      expect(least.ms).to.equal(Math.max(1000, 2 * first));
      least.onClose(62_000);
      least.onOpen(122_001);
      expect(least.ms).to.equal(first);
    }
  });

  it('doubles where what was tried has failed', () => {
    const least = new LeastOpen(300);
    least.onOpen(0);
    const seen = [least.ms];
    for (let i = 0; i < 6; i++) {
      least.double();
      seen.push(least.ms);
    }
    expect(seen).to.deep.equal([300, 1000, 2000, 4000, 8000, 16_000, 16_000]);
  });

  it('is never less than it was at first', () => {
    const least = new LeastOpen(60_000);
    least.onOpen(0);
    least.double();
    expect(least.ms).to.equal(60_000);
    least.onClose(1);
    least.onOpen(2);
    expect(least.ms).to.equal(60_000);
  });
});
