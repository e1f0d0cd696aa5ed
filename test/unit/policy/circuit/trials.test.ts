import { expect } from 'chai';
import { Trials } from '../../../../lib/policy/circuit/trials.js';
import { FakeClock } from '../../../../lib/testing/index.js';

describe('Trials', () => {
  let clock: FakeClock;
  let trials: Trials;

  beforeEach(() => {
    clock = new FakeClock();
    trials = new Trials({ permits: 2, timeoutMs: 2000, openMs: 1000 }, clock);
  });

  it('are as many at a time as there are permits', () => {
    trials.begin(1);
    expect(trials.isFree).to.equal(true);
    trials.begin(2);
    expect(trials.isFree).to.equal(false);
  });

  it('give a permit back where one ends without a verdict', () => {
    trials.begin(1);
    trials.begin(2);
    expect(trials.end(1)).to.equal(true);
    expect(trials.isFree).to.equal(true);
  });

  it('are enough when all of the permits have succeeded', () => {
    trials.begin(1);
    expect(trials.succeed(1)).to.equal(false);
    trials.begin(2);
    expect(trials.isFree, 'one who succeeded keeps the permit').to.equal(false);
    expect(trials.succeed(2)).to.equal(true);
  });

  it('are not what never began as one, nor the same twice', () => {
    trials.begin(1);
    expect(trials.end(7)).to.equal(false);
    expect(trials.succeed(7)).to.equal(false);
    expect(trials.succeed(1)).to.equal(false);
    expect(trials.succeed(1)).to.equal(false);
    expect(trials.end(1)).to.equal(false);
  });

  it('are hung where one has taken all its time', () => {
    trials.begin(1);
    clock.advance(1000);
    trials.begin(2);
    clock.advance(999);
    expect(trials.isHung).to.equal(false);
    clock.advance(1);
    expect(trials.isHung).to.equal(true);
    trials.end(1);
    expect(trials.isHung).to.equal(false);
  });

  it('begin anew when they have been cleared', () => {
    trials.begin(1);
    trials.succeed(1);
    trials.begin(2);
    trials.clear();
    expect(trials.isFree).to.equal(true);
    expect(trials.end(2)).to.equal(false);
    trials.begin(3);
    expect(trials.succeed(3), 'what succeeded before counts no more').to.equal(false);
    clock.advance(5000);
    expect(trials.isHung).to.equal(false);
  });
});
