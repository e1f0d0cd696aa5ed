import { expect } from 'chai';
import { faultNames } from '../../bench/faults/names.js';
import { brokenRules } from '../../bench/faults/rules.js';
import { runFault } from '../../bench/faults/run-fault.js';

// 100 ms at most, with fourfold slack for a slow machine.
const graceMs = 400;

describe('an application under load', function () {
  this.timeout(60_000);
  this.slow(30_000);

  for (const fault of faultNames) {
    it(`${fault}: answers in time with 200, 503 or 504, lives, recovers, leaves nothing behind, and the circuit does its part`, async () => {
      const report = await runFault({ stack: 'ours', fault, seconds: 2, rate: 100, graceMs, patience: 4 });
      expect(Object.fromEntries(brokenRules(report)), JSON.stringify(report)).to.deep.equal({});
    });
  }
});
