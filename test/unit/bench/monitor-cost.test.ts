import { expect } from 'chai';
import { cpuLines, memoryLines, restLines } from '../../../bench/monitor/lines.js';
import { isMemoryBounded, isRestCheap, judgeCpu } from '../../../bench/monitor/verdict.js';
import type { CpuVerdict } from '../../../bench/monitor/verdict.js';
import { compare } from '../../../bench/pool/comparison.js';
import { modes, watchers } from '../../../bench/pool/names.js';
import type { CandidateName, Mode } from '../../../bench/pool/names.js';
import type { Series } from '../../../bench/pool/rounds.js';
import { tables } from '../../../bench/pool/tables.js';

type CpuOf = (candidate: CandidateName, mode: Mode, callers: number) => number;

/** Two rounds, the second on a machine half as fast; `cpuOf` is relative to unwatched. */
function series(cpuOf: CpuOf): Series[] {
  return [1, 10].flatMap((callers) =>
    modes.flatMap((mode) =>
      watchers.map((candidate): Series => {
        const slices = [40, 80].map((micros) => ({
          done: 1000,
          ms: 200,
          cpuMicros: 1000 * micros * cpuOf(candidate, mode, callers),
          bytes: 6_000_000,
        }));
        return { workload: 'read', callers, mode, candidate, slices };
      }),
    ),
  );
}

function verdictOf(cpuOf: CpuOf): CpuVerdict {
  return judgeCpu(compare(series(cpuOf), 'unwatched'));
}

function watchedAt(cpu: number): CpuVerdict {
  return verdictOf((candidate) => (candidate === 'watched' ? cpu : 1));
}

describe('bench: cost of the monitor', () => {
  it('may be 1.03 × the CPU without it', () => {
    expect([watchedAt(1.0299).isKept, watchedAt(1.0301).isKept]).to.deep.equal([true, false]);
  });

  it('is judged by the mean of all configurations, and told beside the control', () => {
    const { means } = verdictOf((candidate, mode, callers) => {
      if (candidate === 'watched') return mode === 'inside' && callers === 10 ? 1.04 : 1;
      return candidate === 'watched, metrics' ? 1.02 : 1;
    });
    expect(means.watched).to.be.closeTo(1.01, 1e-9);
    expect(means['watched, metrics']).to.be.closeTo(1.02, 1e-9);
    expect(means['unwatched again']).to.be.closeTo(1, 1e-9);
  });

  it('no lucky configuration makes up for one that costs too much', () => {
    const verdict = verdictOf((candidate, mode, callers) => {
      if (candidate !== 'watched') return 1;
      return mode === 'inside' && callers === 10 ? 1.04 : 0.9;
    });
    expect(verdict.isKept).to.equal(false);
    expect(verdict.above.map(({ mode, callers }) => [mode, callers])).to.deep.equal([['inside', 10]]);
    expect(cpuLines(verdict, true))
      .to.include('BROKEN')
      .and.to.include('above: 1.040 (indexed read of one row, inside a scope, callers: 10)');
  });

  it('a control above 1 lets as much more pass in a configuration, and nothing more in the mean', () => {
    const at = (control: number, watched: (callers: number) => number): CpuVerdict =>
      verdictOf((candidate, _mode, callers) => {
        if (candidate === 'watched') return watched(callers);
        return candidate === 'unwatched again' ? control : 1;
      });
    expect(at(1.05, () => 1).limitOfEach).to.be.closeTo(1.0815, 1e-9);
    expect(at(0.95, () => 1).limitOfEach).to.be.closeTo(1.03, 1e-9);
    expect(at(1.05, (callers) => (callers === 1 ? 1.08 : 0.97)).isKept).to.equal(true);
    expect(at(1.05, () => 1.04).isKept).to.equal(false);
  });

  it('with the metrics it is told, and not judged', () => {
    expect(verdictOf((candidate) => (candidate === 'watched, metrics' ? 1.5 : 1)).isKept).to.equal(true);
  });

  it('at rest it is below 1 % of a core', () => {
    const rest = (share: number) => ({ connections: 2, ms: 10_000, share });
    expect([isRestCheap(rest(0.0099)), isRestCheap(rest(0.01))]).to.deep.equal([true, false]);
    expect(restLines(rest(0.0012), true))
      .to.include('0.12 % of one core')
      .and.to.include('below 1.00 %: kept');
    expect(restLines(rest(0.02), true)).to.include('below 1.00 %: BROKEN');
    expect(restLines(rest(0.02), false)).to.include('below 1.00 %: not judged');
  });

  it('a million statements may leave 5 MB', () => {
    const memory = (heapMb: number) => ({ statements: 1_000_000, heapMb });
    expect([isMemoryBounded(memory(5)), isMemoryBounded(memory(5.01))]).to.deep.equal([true, false]);
    expect(memoryLines(memory(1.9), true))
      .to.include('leave 1.90 MB')
      .and.to.include('at most 5 MB: kept');
    expect(memoryLines(memory(6), true)).to.include('at most 5 MB: BROKEN');
  });

  it('what is compared with has no ratio in the table, and all others have', () => {
    const lines = tables(
      compare(
        series(() => 1),
        'unwatched',
      ),
      'unwatched',
    ).split('\n');
    expect(lines[1]).to.include('× unwatched (quartiles)');
    const ratios = lines.slice(2, 6).map((line) => line.includes('1.000'));
    expect(ratios).to.deep.equal([false, true, true, true]);
  });
});
