import { expect } from 'chai';
import { compare } from '../../../bench/pool/comparison.js';
import { candidates, modes } from '../../../bench/pool/names.js';
import type { CandidateName, Mode } from '../../../bench/pool/names.js';
import type { Series } from '../../../bench/pool/rounds.js';
import { judge } from '../../../bench/pool/verdict.js';
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
  const series = [1, 10].flatMap((callers) =>
    modes.flatMap((mode) =>
      candidates.map((candidate, place): Series => {
        const { cpu = 1, throughput = 1 } = change(candidate, mode, callers);
        const slices = [1, 0.8, 0.5].map((speed, round) => {
          const luck = place === 0 || round !== place % 3 ? 1 : 0.4;
          const statements = 1000 * speed * throughput * luck * (mode === 'inside' ? 0.7 : 1) * Math.sqrt(callers);
          const micros = ((50 / speed) * cpu * (mode === 'inside' ? 1.3 : 1)) / Math.sqrt(callers);
          return { statements, ms: 200, cpuMicros: (statements * micros) / luck, bytes: statements * 4000 };
        });
        return { workload: 'read', callers, mode, candidate, slices };
      }),
    ),
  );
  return judge(compare(series));
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
    expect(verdict.throughputLimit).to.be.closeTo(0.99, 1e-9);
    expect(broken(verdict)).to.deep.equal([]);
  });
});
