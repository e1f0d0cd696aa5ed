import { expect } from 'chai';
import { brokenRules } from '../../bench/faults/rules.js';
import { runFault } from '../../bench/faults/run-fault.js';

// A fault that is over when the first deadline comes can make nothing late: these last twice as long.
describe('an application under load, through faults that outlast its deadlines', () => {
  for (const fault of ['black-hole', 'slow', 'frozen'] as const) {
    it(`${fault}: answers in time, lives, recovers, and leaves nothing behind`, async () => {
      const report = await runFault({ stack: 'ours', fault, seconds: 5, rate: 200, graceMs: 400 });
      expect(Object.fromEntries(brokenRules(report)), JSON.stringify(report)).to.deep.equal({});
    });
  }
});
