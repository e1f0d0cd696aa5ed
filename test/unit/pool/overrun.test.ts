import { expect } from 'chai';
import { DeadlineList } from '../../../lib/core/deadline-list.js';
import { Scope } from '../../../lib/core/scope/scope.js';
import { Overrun } from '../../../lib/pool/transaction/overrun.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('the end of the waiting for a callback', () => {
  it('does not come later because a signal is aborted after the deadline', () => {
    const clock = new FakeClock();
    const scope = new Scope(1000);
    const overrun = new Overrun(new DeadlineList(clock), scope, false);
    clock.advance(scope.deadlineAt + 60 - clock.now());
    scope.cancel({ by: 'signal' });
    expect(overrun.error).to.equal(undefined);
    clock.advance(20);
    expect(overrun.error).to.include({ outcome: 'rolled-back' });
    overrun.stop();
  });
});
