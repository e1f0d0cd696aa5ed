import { expect } from 'chai';
import { help, readOptions } from '../../../bench/circuit/cli/options.js';
import { faultNames, partNames } from '../../../bench/circuit/names.js';

describe('the options of npm run circuit', () => {
  it('are all parts and all faults, ten rounds of each, and no drawing where none is given', () => {
    const { seed, ...others } = readOptions([]);
    expect(others).to.deep.equal({
      help: false,
      parts: partNames,
      faults: faultNames,
      rounds: 10,
      draw: undefined,
      json: undefined,
    });
    expect(readOptions([]).seed).not.to.equal(seed);
  });

  it('put parts and faults in their order, whatever the order given', () => {
    expect(readOptions(['--part', 'fleet, recovery', '--fault', 'frozen,killed'])).to.deep.include({
      parts: ['recovery', 'fleet'],
      faults: ['killed', 'frozen'],
    });
  });

  it('draw the outage where it is asked for by name, or with a file', () => {
    expect(readOptions(['--part', 'outage']).draw).to.equal('docs/circuit-outage.svg');
    expect(readOptions(['--part', 'outage', '--draw', 'a.svg']).draw).to.equal('a.svg');
    expect(readOptions(['--draw', 'a.svg']).draw).to.equal('a.svg');
    expect(readOptions(['--part', 'fleet']).draw).to.equal(undefined);
  });

  it('are explained, every part and fault among them', () => {
    for (const name of [...partNames, ...faultNames]) expect(help).to.include(`    ${name} `);
  });

  for (const [args, message] of [
    [['--part', 'fleets'], '--part: received "fleets"; expected one or more of recovery,flapping,fleet,outage'],
    [['--fault', ''], '--fault: received ""; expected one or more of killed,restart,refuse,black-hole,frozen'],
    [['--rounds', '0'], '--rounds: received "0"; expected a whole number from 1 to 1000'],
    [['--seed', '4294967296'], '--seed: received "4294967296"; expected a whole number from 0 to 4294967295'],
    [['--part', 'fleet', '--rounds', '3'], '--rounds: it is of recovery, which --part leaves out'],
    [['--part', 'fleet', '--draw', 'a.svg'], '--draw: it is of outage, which --part leaves out'],
    [['--part', 'outage', '--seed', '1'], '--seed: it is of fleet, which --part leaves out'],
    [['--json', ' '], '--json: received nothing; expected the name of a file'],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => readOptions([...args])).to.throw(message);
    });
  }
});
