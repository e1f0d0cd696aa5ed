import { expect } from 'chai';
import { Scope } from '../../../lib/core/scope/scope.js';
import { pause } from '../../../lib/policy/pause.js';

// A pause is random from nothing on: within so much it is short by a chance of one in 60,000.
const long = { minDelayMs: 60_000, maxDelayMs: 60_000 };
const short = { minDelayMs: 5, maxDelayMs: 5 };
const granted = { take: () => true, isUnwanted: () => true };

describe('the pause before a retry', () => {
  it('is waited for without a deadline, and within one', async () => {
    expect(await pause(1, short, undefined, granted)).to.equal(true);
    expect(await pause(1, short, new Scope(60_000), granted)).to.equal(true);
    expect(await pause(1, short, new Scope(false), granted)).to.equal(true);
  });

  it('is not begun where the deadline comes first', async () => {
    const began = performance.now();
    let taken = 0;
    const counted = { ...granted, take: () => ++taken > 0 };
    expect(await pause(1, long, new Scope(1), counted)).to.equal(false);
    expect(performance.now() - began).to.be.lessThan(200);
    expect(taken).to.equal(0);
  });

  it('is not begun where it may not be', async () => {
    const began = performance.now();
    expect(await pause(1, long, undefined, { ...granted, take: () => false })).to.equal(false);
    expect(performance.now() - began).to.be.lessThan(200);
  });

  it('is ended when the caller leaves, and not begun after that', async () => {
    const scope = new Scope(false);
    const waiting = pause(1, long, scope, granted);
    scope.cancel({ by: 'client' });
    expect(await waiting).to.equal(false);
    expect(await pause(1, short, scope, granted)).to.equal(false);
  });

  it('goes on where what it waits for is wanted all the same', async () => {
    const scope = new Scope(false);
    const wanted = { ...granted, isUnwanted: () => false };
    const waiting = pause(1, short, scope, wanted);
    scope.cancel({ by: 'client' });
    expect(await waiting).to.equal(true);
    expect(await pause(1, short, scope, wanted)).to.equal(true);
  });
});
