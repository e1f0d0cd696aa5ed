import { expect } from 'chai';
import { Scope } from '../../../lib/core/scope/scope.js';
import { pause } from '../../../lib/policy/pause.js';

// A pause is random from nothing on: within so much it is short by a chance of one in 60,000.
const long = { minDelayMs: 60_000, maxDelayMs: 60_000 };
const short = { minDelayMs: 5, maxDelayMs: 5 };

describe('the pause before a retry', () => {
  it('is waited for without a deadline, and within one', async () => {
    expect(await pause(1, short, undefined)).to.equal(true);
    expect(await pause(1, short, new Scope(60_000))).to.equal(true);
    expect(await pause(1, short, new Scope(false))).to.equal(true);
  });

  it('is not begun where the deadline comes first', async () => {
    const began = performance.now();
    expect(await pause(1, long, new Scope(1))).to.equal(false);
    expect(performance.now() - began).to.be.lessThan(200);
  });

  it('is ended when the caller leaves, and not begun after that', async () => {
    const scope = new Scope(false);
    const waiting = pause(1, long, scope);
    scope.cancel({ by: 'client' });
    expect(await waiting).to.equal(false);
    expect(await pause(1, short, scope)).to.equal(false);
  });
});
