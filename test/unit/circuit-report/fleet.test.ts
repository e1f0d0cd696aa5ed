import { expect } from 'chai';
import { brokenRules, figuresOf, type FleetFigures } from '../../../bench/circuit/fleet/figures.js';
import { simulate, type Outage } from '../../../bench/circuit/fleet/simulate.js';
import { limits } from '../../../bench/circuit/names.js';

const ordinary: Outage = { seed: 1, downMs: 30_000, rampMs: 500, connectsPerSecond: 1000 };

describe('a fleet of 300 that loses its server at one moment', () => {
  let short: FleetFigures;
  let long: FleetFigures;
  before(async () => {
    short = figuresOf(await simulate(ordinary));
    long = figuresOf(await simulate({ ...ordinary, downMs: 150_000 }));
  });

  it('asks 750 times in any second of the first minute at most', () => {
    expect(short.probesAtFirst).to.be.within(550, limits.probesAtFirst);
    expect(long.probesAtFirst).to.be.within(550, limits.probesAtFirst);
  });

  it('asks 75 times a second later, and not in waves', () => {
    expect(long.later?.scheduledMean).to.be.within(50, limits.probesLater);
    expect(long.later?.scheduledInSecond).to.be.within(60, limits.probesLaterPeak);
    expect(brokenRules(long)).to.deep.equal([]);
  });

  it('has closed every circuit a second after the return, or an interval of probes later after a long outage', () => {
    expect(short.closedMs).to.be.within(500, 1100);
    expect(long.closedMs).to.be.within(3000, 7000);
    expect(short.reopened + long.reopened).to.equal(0);
  });

  it('opens fewer connections at a time with the ramp than without it', async () => {
    const without = figuresOf(await simulate({ ...ordinary, rampMs: 0 }));
    expect(short.connectsIn100Ms).to.be.lessThan(without.connectsIn100Ms / 3);
    expect(short.calmMs).to.be.lessThan(without.calmMs / 3);
  });

  it('does the same again under the same seed', async () => {
    expect(figuresOf(await simulate(ordinary))).to.deep.equal(short);
    expect(figuresOf(await simulate({ ...ordinary, seed: 2 }))).not.to.deep.equal(short);
  });
});

describe('the rules of a fleet', () => {
  const figures = { downMs: 150_000, probesAtFirst: 700 } as FleetFigures;
  const later = { scheduledMean: 64, scheduledInSecond: 85, confirmingInSecond: 80, allInSecond: 140 };

  it('are kept by what chance alone makes of it', () => {
    expect(brokenRules({ ...figures, later })).to.deep.equal([]);
  });

  it('are broken by too many probes, and by waves of them', () => {
    expect(brokenRules({ ...figures, later, probesAtFirst: 751 })).to.deep.equal([
      'fleet, down for 150 s: 751 probes in a second of the first minute, not 750',
    ]);
    expect(brokenRules({ ...figures, later: { ...later, scheduledMean: 76, scheduledInSecond: 165 } })).to.deep.equal([
      'fleet, down for 150 s: 76.0 probes a second later, not 75',
      'fleet, down for 150 s: 165 probes in one second later, not 110',
    ]);
  });
});
