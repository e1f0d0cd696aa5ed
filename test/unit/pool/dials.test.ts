import { expect } from 'chai';
import { DeadlineList } from '../../../lib/core/deadline-list.js';
import { Dials } from '../../../lib/pool/dials.js';
import type { Dial } from '../../../lib/pool/dials.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('attempts to connect', () => {
  let clock: FakeClock;
  let dials: Dials;
  let late: number;

  beforeEach(() => {
    clock = new FakeClock();
    late = 0;
    dials = new Dials(new DeadlineList(clock), 2, () => late++);
  });

  const begin = (count: number): Dial[] => Array.from({ length: count }, () => dials.begin());
  const counts = () => [dials.young, dials.size];

  it('are late after a second, which is told', () => {
    begin(2);
    clock.advance(999);
    expect([counts(), late]).to.deep.equal([[2, 2], 0]);
    clock.advance(1);
    expect([counts(), late]).to.deep.equal([[0, 2], 2]);
  });

  it('are late after twice what the last one took, and after five seconds at the latest', () => {
    for (const [tookMs, lateMs] of [
      [400, 1000],
      [900, 1800],
      [20_000, 5000],
      [10, 1000],
    ] as const) {
      const [slow] = begin(1);
      clock.advance(tookMs);
      dials.end(slow as Dial, true);
      begin(1);
      clock.advance(lateMs - 1);
      expect(dials.young, `after one of ${String(tookMs)} ms`).to.equal(1);
      clock.advance(1);
      expect(dials.young).to.equal(0);
    }
  });

  it('are given up when more than the oldest few are late', () => {
    const first = begin(2);
    clock.advance(1000);
    const second = begin(2);
    clock.advance(1000);
    expect(first.map(({ givenUp }) => givenUp)).to.deep.equal([false, false]);
    expect(second.map(({ givenUp }) => givenUp)).to.deep.equal([true, true]);
  });

  it('are given up when one that began later has succeeded', () => {
    const [lost] = begin(1);
    clock.advance(1000);
    const [found, other] = begin(2);
    dials.end(found as Dial, true);
    expect(lost?.givenUp).to.equal(true);
    expect(other?.givenUp).to.equal(false);
  });

  it('are not late once they have ended', () => {
    for (const dial of begin(2)) dials.end(dial, false);
    clock.advance(10_000);
    expect([counts(), late]).to.deep.equal([[0, 0], 0]);
  });

  it('are all given up at the end', () => {
    const first = begin(1);
    clock.advance(1000);
    const all = [...first, ...begin(1)];
    dials.close();
    expect(all.map(({ givenUp }) => givenUp)).to.deep.equal([true, true]);
  });
});
