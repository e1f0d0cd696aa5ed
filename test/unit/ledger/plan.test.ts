import { expect } from 'chai';
import { faultNames, standbyFaults } from '../../../bench/ledger/names.js';
import { plan } from '../../../bench/ledger/plan.js';
import { Random } from '../../../bench/ledger/random.js';

describe('the plan of a ledger run', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed * 21_474_836);

  it('is the same for the same seed, and another for another', () => {
    for (const seed of seeds) expect(plan({ seed, seconds: 30 })).to.deep.equal(plan({ seed, seconds: 30 }));
    expect(new Set(seeds.map((seed) => JSON.stringify(plan({ seed, seconds: 30 }).faults))).size).to.equal(200);
  });

  it('has every fault at least once, in order, within the run', () => {
    for (const seed of seeds) {
      const { standby, faults } = plan({ seed, seconds: 30 });
      const times = faults.map(({ atMs }) => atMs);
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
      expect(times.every((atMs) => atMs >= 300 && atMs < 30_000)).to.equal(true);
      expect(new Set(faults.map(({ fault }) => fault))).to.deep.equal(
        new Set(faultNames.filter((fault) => standby || !standbyFaults.includes(fault))),
      );
    }
  });

  it('promotes once, as the last fault, in about two thirds of the seeds', () => {
    const promotions = seeds.map((seed) =>
      plan({ seed, seconds: 30 }).faults.map(({ fault }, index, { length }) =>
        fault === 'promote' ? length - index : 0,
      ),
    );
    const last = promotions.filter((places) => places.some((place) => place === 1));
    expect(last.length).to.be.within(100, 166);
    expect(promotions.flat().filter((place) => place > 1)).to.deep.equal([]);
  });

  it('keeps to the faults that were asked for', () => {
    const { standby, faults } = plan({ seed: 1, seconds: 5, faults: ['reset', 'promote'] });
    expect(standby).to.equal(true);
    expect(new Set(faults.map(({ fault }) => fault))).to.deep.equal(new Set(['reset', 'promote']));
    expect(plan({ seed: 1, seconds: 5, faults: ['reset'] }).standby).to.equal(false);
  });

  it('draws numbers within their bounds, evenly', () => {
    const random = new Random(42);
    const drawn = Array.from({ length: 6000 }, () => random.whole(1, 6));
    for (let side = 1; side <= 6; side++) expect(drawn.filter((each) => each === side).length).to.be.within(850, 1150);
    expect(new Set(drawn).size).to.equal(6);
    expect(random.shuffled([1, 2, 3, 4]).toSorted()).to.deep.equal([1, 2, 3, 4]);
  });
});
