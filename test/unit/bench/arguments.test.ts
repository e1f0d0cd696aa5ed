import { expect } from 'chai';
import { parseArguments } from '../../../bench/pool/arguments.js';

const refused: [args: string[], message: string][] = [
  [['--rounds', 'many'], '--rounds: received "many"; expected a whole number from 1 to 10000'],
  [['--rounds', '0'], '--rounds: received "0"'],
  [['--rounds', '2.5'], '--rounds: received "2.5"'],
  [['--slice', '1e3'], '--slice: received "1e3"'],
  [['--callers', '1,,10'], '--callers: received ""'],
  [['--callers', '10,1,10'], '--callers: received "10,1,10"; something is in it twice'],
  [['--workload', 'write'], '--workload: received "write"; expected select, read, transaction'],
  [['--transactions', '--workload', 'read'], '--transactions: it is a choice of --workload'],
  [['--monitor', '--transactions'], '--monitor: it is measured on statements'],
  [['--monitor', '--workload', 'transaction'], '--monitor: it is measured on statements'],
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
    const { rounds, sliceMs, statements, transactions, monitor, connectionString } = parseArguments([], {});
    expect({ rounds, sliceMs, statements, transactions, monitor, connectionString }).to.deep.equal({
      rounds: 25,
      sliceMs: 200,
      statements: { workloads: ['select', 'read'], callers: [1, 10, 50] },
      transactions: { workloads: ['transaction'], callers: [1, 10] },
      monitor: { workloads: ['select', 'read'], callers: [1, 10, 50] },
      connectionString: undefined,
    });
  });

  it('--quick gives way to what is asked for beside it', () => {
    const callersOf = (args: string[]) => {
      const { statements, transactions } = parseArguments(args, {});
      return [statements.callers, transactions.callers];
    };
    const { rounds, sliceMs } = parseArguments(['--quick'], {});
    expect({ rounds, sliceMs }).to.deep.equal({ rounds: 5, sliceMs: 100 });
    expect(callersOf(['--quick'])).to.deep.equal([[10], [10]]);
    expect(callersOf(['--quick', '--callers', '1,50'])).to.deep.equal([
      [1, 50],
      [1, 50],
    ]);
  });

  it('runs transactions alone, or not at all, when told so', () => {
    const chosen = (...args: string[]) => {
      const { statements, transactions } = parseArguments(args, {});
      return [...statements.workloads, ...transactions.workloads];
    };
    expect(chosen('--transactions')).to.deep.equal(['transaction']);
    expect(chosen('--workload', 'transaction,read')).to.deep.equal(['read', 'transaction']);
    expect(chosen('--workload', 'select')).to.deep.equal(['select']);
  });

  it('runs the monitor alone, or leaves it out where only workloads are asked for', () => {
    const chosen = (...args: string[]) => {
      const { statements, transactions, monitor } = parseArguments(args, {});
      return [statements.workloads, transactions.workloads, monitor.workloads];
    };
    expect(chosen('--monitor')).to.deep.equal([[], [], ['select', 'read']]);
    expect(chosen('--monitor', '--workload', 'read')).to.deep.equal([[], [], ['read']]);
    expect(chosen('--workload', 'read')).to.deep.equal([['read'], [], []]);
    expect(chosen('--transactions')).to.deep.equal([[], ['transaction'], []]);
    expect(parseArguments(['--monitor', '--callers', '5'], {}).monitor.callers).to.deep.equal([5]);
  });

  it('--connection-string goes before DATABASE_URL; an empty DATABASE_URL is none', () => {
    const url = (args: string[], DATABASE_URL: string) => parseArguments(args, { DATABASE_URL }).connectionString;
    expect(url(['--connection-string', 'postgres://a/b'], 'postgres://c/d')).to.equal('postgres://a/b');
    expect(url([], 'postgres://c/d')).to.equal('postgres://c/d');
    expect(url([], '')).to.equal(undefined);
  });
});
