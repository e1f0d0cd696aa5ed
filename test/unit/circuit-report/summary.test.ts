import { expect } from 'chai';
import type { Round } from '../../../bench/circuit/recovery/run-round.js';
import { brokenRules, summarise } from '../../../bench/circuit/recovery/summary.js';
import type { FaultName } from '../../../bench/circuit/names.js';

const good: Round = {
  openedMs: 60,
  openedAfterFailureMs: 10,
  closedMs: 700,
  refusedMs: [0.1, 0.2, 0.3],
  caught: 2,
  answered: 50,
  failed: 1,
  sent: 51,
  sentWhileOpen: 0,
  worstDelayMs: 3,
};

const judge = (fault: FaultName, ...rounds: Round[]) => brokenRules(summarise(fault, rounds), rounds);

describe('the rounds of a fault', () => {
  it('come to medians, worsts and sums', () => {
    const summary = summarise('killed', [
      good,
      { ...good, openedMs: 100, openedAfterFailureMs: undefined, closedMs: 900 },
    ]);
    expect(summary).to.deep.include({
      rounds: 2,
      openedMedianMs: 80,
      openedWorstMs: 100,
      openedBefore: 1,
      openedAfterFailureWorstMs: 10,
      closedMedianMs: 800,
      closedWorstMs: 900,
      refused: 6,
      refusedWorstMs: 0.3,
      failed: 2,
      caught: 4,
      sent: 102,
    });
  });

  it('keep every rule where all is well', () => {
    expect(judge('killed', good, good)).to.deep.equal([]);
  });

  it('may be closed one time-out of a probe later after a silent fault, and no later', () => {
    const late = { ...good, closedMs: 2900 };
    expect(judge('frozen', late)).to.deep.equal([]);
    expect(judge('killed', late)).to.deep.equal([
      'killed: closed after 2900 ms in the median, not 1000 ms',
      'killed: closed after 2900 ms at worst, not 1500 ms',
    ]);
    expect(judge('frozen', good, good, { ...good, closedMs: 3500 })).to.deep.equal([
      'frozen: closed after 3500 ms at worst, not 3500 ms',
    ]);
  });

  it('break a rule where refusals are slow, or there are none', () => {
    expect(judge('refuse', { ...good, refusedMs: [1.5] })).to.deep.equal(['refuse: a refusal took 1.50 ms (p99)']);
    expect(judge('refuse', { ...good, refusedMs: [] })).to.deep.equal([
      'refuse: nobody was refused while the circuit was open',
    ]);
  });

  it('break a rule where a statement was sent while the circuit was open, or the wire was not seen', () => {
    expect(judge('refuse', { ...good, sentWhileOpen: 1 })).to.deep.equal([
      'refuse: 1 statements were sent while the circuit was open',
    ]);
    expect(judge('refuse', { ...good, sent: 0 })).to.deep.equal([
      'refuse: fewer statements were seen on the wire than were answered',
    ]);
  });
});
