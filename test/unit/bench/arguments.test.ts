import { expect } from 'chai';
import { parseArguments } from '../../../bench/pool/arguments.js';

const refused: [args: string[], message: string][] = [
  [['--rounds', 'many'], '--rounds: received "many"; expected a whole number from 1 to 10000'],
  [['--rounds', '0'], '--rounds: received "0"'],
  [['--rounds', '2.5'], '--rounds: received "2.5"'],
  [['--slice', '1e3'], '--slice: received "1e3"'],
  [['--callers', '1,,10'], '--callers: received ""'],
  [['--callers', '10,1,10'], '--callers: received "10,1,10"; something is in it twice'],
  [['--workload', 'write'], '--workload: received "write"; expected select or read'],
  [['--json', ''], '--json: received an empty name'],
  [['--round', '5'], "'--round'"],
  [['--rounds'], '--rounds'],
  [['fast'], "'fast'"],
];

describe('bench: arguments', () => {
  for (const [args, message] of refused) {
    it(`refuses ${args.map((arg) => arg || '""').join(' ')} by name`, () => {
      expect(() => parseArguments(args, {})).to.throw(message);
    });
  }

  it('runs everything unless told otherwise, on a server of its own', () => {
    const { rounds, sliceMs, callers, workloads, connectionString } = parseArguments([], {});
    expect({ rounds, sliceMs, callers, workloads, connectionString }).to.deep.equal({
      rounds: 25,
      sliceMs: 200,
      callers: [1, 10, 50],
      workloads: ['select', 'read'],
      connectionString: undefined,
    });
  });

  it('--quick gives way to what is asked for beside it', () => {
    const { rounds, sliceMs, callers } = parseArguments(['--quick', '--callers', '1,50'], {});
    expect({ rounds, sliceMs, callers }).to.deep.equal({ rounds: 5, sliceMs: 100, callers: [1, 50] });
  });

  it('--connection-string goes before DATABASE_URL; an empty DATABASE_URL is none', () => {
    const url = (args: string[], DATABASE_URL: string) => parseArguments(args, { DATABASE_URL }).connectionString;
    expect(url(['--connection-string', 'postgres://a/b'], 'postgres://c/d')).to.equal('postgres://a/b');
    expect(url([], 'postgres://c/d')).to.equal('postgres://c/d');
    expect(url([], '')).to.equal(undefined);
  });
});
