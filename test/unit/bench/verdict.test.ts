import { expect } from 'chai';
import { compare } from '../../../bench/pool/comparison.js';
import { candidates, modes, transactors } from '../../../bench/pool/names.js';
import type { CandidateName, Mode, WorkloadName } from '../../../bench/pool/names.js';
import type { Series } from '../../../bench/pool/rounds.js';
import { judge, judgeTransactions } from '../../../bench/pool/verdict.js';
import type { Verdict } from '../../../bench/pool/verdict.js';

interface Relative {
  cpu?: number;
  throughput?: number;
}

type Change = (candidate: CandidateName, mode: Mode, callers: number) => Relative;

/**
 * Three rounds at 1 and 10 callers; `change` is relative to bare. The machine becomes slower from round to round, a scope
 * and callers cost everybody alike, and each candidate but bare has one round that went wrong.
 */
function verdictOf(change: Change): Verdict {
  return judge(compare(rounds('read', candidates, change)));
}

function transactionVerdictOf(change: Change): Verdict {
  return judgeTransactions(compare(rounds('transaction', transactors, change)));
}

function rounds(workload: WorkloadName, names: readonly CandidateName[], change: Change): Series[] {
  return [1, 10].flatMap((callers) =>
    modes.flatMap((mode) =>
      names.map((candidate, place): Series => {
        const { cpu = 1, throughput = 1 } = change(candidate, mode, callers);
        const slices = [1, 0.8, 0.5].map((speed, round) => {
          const luck = place === 0 || round !== place % 3 ? 1 : 0.4;
          const done = 1000 * speed * throughput * luck * (mode === 'inside' ? 0.7 : 1) * Math.sqrt(callers);
          const micros = ((50 / speed) * cpu * (mode === 'inside' ? 1.3 : 1)) / Math.sqrt(callers);
          return { done, ms: 200, cpuMicros: (done * micros) / luck, bytes: done * 4000 };
        });
        return { workload, callers, mode, candidate, slices };
      }),
    ),
  );
}

function broken(verdict: Verdict): string[] {
  return verdict.breaches.map(({ row, figure }) => `${figure} ${row.mode} ${String(row.callers)}`);
}

describe('bench: verdict', () => {
  it('keeps the gates where ours costs what bare costs, and however slow others are', () => {
    const verdict = verdictOf((candidate) => (candidate === 'hand-made' ? { cpu: 3, throughput: 0.5 } : {}));
    expect(broken(verdict)).to.deep.equal([]);
  });

  it('CPU may be 1.05 × bare outside a scope and 1.10 × inside', () => {
    const at = (cpu: number): string[] => broken(verdictOf((candidate) => (candidate === 'ours' ? { cpu } : {})));
    expect(at(1.049)).to.deep.equal([]);
    expect(at(1.051)).to.deep.equal(['CPU outside 1', 'CPU outside 10']);
    expect(at(1.099)).to.deep.equal(['CPU outside 1', 'CPU outside 10']);
    expect(at(1.101)).to.deep.equal(['CPU outside 1', 'CPU inside 1', 'CPU outside 10', 'CPU inside 10']);
  });

  it('CPU is that of a statement, however few of them there were', () => {
    const verdict = verdictOf((candidate) => (candidate === 'ours' ? { cpu: 1.06, throughput: 0.98 } : {}));
    expect(broken(verdict)).to.deep.equal(['CPU outside 1', 'CPU outside 10']);
  });

  it('one configuration is enough to break them', () => {
    const verdict = verdictOf((candidate, mode, callers) =>
      candidate === 'ours' && mode === 'inside' && callers === 10 ? { cpu: 1.2 } : {},
    );
    expect(broken(verdict)).to.deep.equal(['CPU inside 10']);
  });

  it('throughput may be 3 % below the lowest median of the control', () => {
    const at = (throughput: number): string[] =>
      broken(
        verdictOf((candidate, mode, callers) => {
          if (candidate === 'bare again' && mode === 'outside' && callers === 1) return { throughput: 0.98 };
          return candidate === 'ours' && mode === 'inside' && callers === 10 ? { throughput } : {};
        }),
      );
    expect(at(0.951)).to.deep.equal([]);
    expect(at(0.949)).to.deep.equal(['throughput inside 10']);
  });

  it('a control that is faster than bare by chance makes the gate no stricter than its worst', () => {
    const verdict = verdictOf((candidate) => (candidate === 'bare again' ? { throughput: 1.02 } : {}));
    expect(verdict.throughputLimits.outside).to.be.closeTo(0.99, 1e-9);
    expect(broken(verdict)).to.deep.equal([]);
  });
});

describe('bench: verdict on transactions', () => {
  const ours = (relative: Relative): string[] =>
    broken(transactionVerdictOf((candidate) => (candidate === 'ours' ? relative : {})));

  it('throughput may be 0.95 × bare outside a scope and 0.90 inside, and CPU is not judged', () => {
    expect(ours({ throughput: 0.951, cpu: 2 })).to.deep.equal([]);
    expect(ours({ throughput: 0.949 })).to.deep.equal(['throughput outside 1', 'throughput outside 10']);
    expect(ours({ throughput: 0.899 })).to.deep.equal([
      'throughput outside 1',
      'throughput inside 1',
      'throughput outside 10',
      'throughput inside 10',
    ]);
  });

  it('a control slower than bare lets as much more pass; a faster one asks for no more', () => {
    const limit = (throughput: number): number =>
      transactionVerdictOf((candidate, mode, callers) =>
        candidate === 'bare again' && mode === 'inside' && callers === 10 ? { throughput } : {},
      ).throughputLimits.outside;
    expect(limit(0.9)).to.be.closeTo(0.855, 1e-9);
    expect(limit(1.1)).to.be.closeTo(0.95, 1e-9);
  });

  it('verifyCommit is not judged', () => {
    const verdict = transactionVerdictOf((candidate) => (candidate === 'verified' ? { throughput: 0.5 } : {}));
    expect(broken(verdict)).to.deep.equal([]);
  });
});
