import { expect } from 'chai';
import { help, readOptions } from '../../../bench/ledger/cli/options.js';
import { faultNames } from '../../../bench/ledger/names.js';
import { subjectNames } from '../../../bench/ledger/subjects/index.js';

describe('the options of npm run ledger', () => {
  it('are 20 different seeds of 30 s with 300 transfers a second where none is given', () => {
    const { seeds, ...others } = readOptions([]);
    expect(others).to.deep.equal({ help: false, seconds: 30, rate: 300, subject: 'ours', json: undefined });
    expect(new Set(seeds).size).to.equal(20);
    expect(readOptions([]).seeds).not.to.deep.equal(seeds);
  });

  it('repeat seeds', () => {
    expect(readOptions(['--seed', '7, 4294967295']).seeds).to.deep.equal([7, 4_294_967_295]);
  });

  it('are explained, every fault and subject among them', () => {
    for (const name of [...faultNames, ...subjectNames]) expect(help).to.include(`    ${name} `);
  });

  for (const [args, message] of [
    [['--seed', '4294967296'], '--seed: received "4294967296"; expected a whole number from 0 to 4294967295'],
    [['--seed', '1', '--seeds', '2'], '--seed: --seeds chooses others at random; give one of the two'],
    [['--seconds', '1.5'], '--seconds: received "1.5"; expected a whole number from 2 to 3600'],
    [['--rate', ''], '--rate: received ""; expected a whole number from 10 to 5000'],
    [['--subject', 'ous'], '--subject: received "ous"; expected ours or bare or naive'],
    [['--json', ' '], '--json: received nothing; expected the name of a file'],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => readOptions([...args])).to.throw(message);
    });
  }
});
