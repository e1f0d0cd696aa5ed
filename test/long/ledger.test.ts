import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { brokenRules } from '../../bench/ledger/rules.js';
import { runSeed } from '../../bench/ledger/run-seed.js';

describe('what callers are told of their transactions, for longer', () => {
  const first = Number(process.env.LEDGER_SEED ?? randomInt(2 ** 32 - 3));

  for (const seed of [first, first + 1, first + 2]) {
    it(`is true (seed ${String(seed)})`, async () => {
      const report = await runSeed({ seed, seconds: 15, rate: 300, subject: 'ours', graceMs: 2000 });
      expect(Object.fromEntries(brokenRules(report.verdict, 0.1)), JSON.stringify(report)).to.deep.equal({});
    });
  }

  it('would be seen to be false: calling every error a failure', async () => {
    const report = await runSeed({ seed: first, seconds: 15, rate: 300, subject: 'bare', graceMs: 2000 });
    expect(report.verdict.failedButStored, JSON.stringify(report)).to.have.length.greaterThan(0);
  });
});
