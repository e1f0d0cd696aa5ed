import { expect } from 'chai';
import { help, readOptions } from '../../../bench/migrations/cli/options.js';
import { partNames } from '../../../bench/migrations/names.js';

describe('the options of npm run migrations', () => {
  it('are all parts, twenty runs and a seed of their own', () => {
    const { seed, ...others } = readOptions([]);
    expect(others).to.deep.equal({ help: false, parts: partNames, runs: 20, json: undefined });
    expect(readOptions([]).seed).not.to.equal(seed);
  });

  it('take parts in any order, and the same seed again', () => {
    const options = readOptions(['--part', 'kills, starts', '--runs', '3', '--seed', '7', '--json', 'a.json']);
    expect(options).to.deep.equal({ help: false, parts: ['starts', 'kills'], runs: 3, seed: 7, json: 'a.json' });
  });

  it('are explained, every part among them', () => {
    for (const name of partNames) expect(help).to.include(`    ${name} `);
  });

  for (const [args, message] of [
    [['--part', 'kill'], '--part: received "kill"; expected one or more of starts,readers,kills'],
    [['--runs', '0'], '--runs: received "0"; expected a whole number from 1 to 1000'],
    [['--seed', 'x'], '--seed: received "x"; expected a whole number from 0 to 4294967295'],
    [['--json', ' '], '--json: received nothing; expected the name of a file'],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => readOptions([...args])).to.throw(message);
    });
  }
});
