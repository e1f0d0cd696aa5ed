import { expect } from 'chai';
import { accountsOf } from '../../../bench/pool/transfer.js';

describe('bench: transfers', () => {
  it('none that are under way together share an account, so none waits for a lock', () => {
    const last = new Map<number, number>();
    let nearest = Infinity;
    for (let n = 0; n < 20_000; n++) {
      for (const account of accountsOf(n)) {
        nearest = Math.min(nearest, n - (last.get(account) ?? -Infinity));
        last.set(account, n);
      }
    }
    expect(nearest).to.equal(5000);
    expect([Math.min(...last.keys()), Math.max(...last.keys()), last.size]).to.deep.equal([1, 10_000, 10_000]);
  });
});
