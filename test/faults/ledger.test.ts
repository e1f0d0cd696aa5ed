import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { faultNames, standbyFaults } from '../../bench/ledger/names.js';
import { Random } from '../../bench/ledger/random.js';
import { brokenRules } from '../../bench/ledger/rules.js';
import { runSeed } from '../../bench/ledger/run-seed.js';

// 500 ms at most, with fourfold slack for a slow machine.
const graceMs = 2000;
// Nine of ten are; a machine that cannot keep up refuses more, and tells the truth all the same.
const storedAtLeast = 0.1;

describe('what callers are told of their transactions', function () {
  this.timeout(60_000);
  this.slow(30_000);

  // Again: LEDGER_SEED=N npm test
  const seed = Number(process.env.LEDGER_SEED ?? randomInt(2 ** 32 - 1));
  const plain = new Random(seed).shuffled(faultNames.filter((fault) => !standbyFaults.includes(fault)));
  const halves = [plain.slice(0, 6), [...plain.slice(6), ...standbyFaults]] as const;

  for (const faults of halves) {
    it(`is true, through ${faults.join(', ')} (seed ${String(seed)})`, async () => {
      const report = await runSeed({ seed, seconds: 5, rate: 100, subject: 'ours', faults, graceMs });
      expect(Object.fromEntries(brokenRules(report.verdict, storedAtLeast)), JSON.stringify(report)).to.deep.equal({});
    });
  }
});
