import type { CandidateName, Mode, WorkloadName } from './names.js';
import type { Series } from './rounds.js';
import type { Slice } from './slice.js';
import { pairedRatios, quantile, spread } from './statistics.js';
import type { Spread } from './statistics.js';

/** Ratios are to the base, bare pg.Pool mostly, in the same mode, round by round. */
export interface Row {
  readonly workload: WorkloadName;
  readonly callers: number;
  readonly mode: Mode;
  readonly candidate: CandidateName;
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly bytes: number;
  readonly ratios: { readonly throughput: Spread; readonly cpu: Spread; readonly bytes: Spread };
}

const perSecond = ({ done, ms }: Slice): number => (done * 1000) / ms;
const cpuMicros = (slice: Slice): number => slice.cpuMicros / slice.done;
const bytes = (slice: Slice): number => slice.bytes / slice.done;

export function compare(all: readonly Series[], baseName: CandidateName = 'bare'): Row[] {
  return all.map(({ slices, ...which }) => {
    const base = all.find(
      ({ candidate, workload, callers, mode }) =>
        candidate === baseName && workload === which.workload && callers === which.callers && mode === which.mode,
    );
    if (base === undefined) throw new Error(`There is no ${baseName} to compare with`);
    const median = (figure: (slice: Slice) => number): number => quantile(slices.map(figure), 0.5);
    const ratio = (figure: (slice: Slice) => number): Spread =>
      spread(pairedRatios(slices.map(figure), base.slices.map(figure)));
    return {
      ...which,
      perSecond: median(perSecond),
      cpuMicros: median(cpuMicros),
      bytes: median(bytes),
      ratios: { throughput: ratio(perSecond), cpu: ratio(cpuMicros), bytes: ratio(bytes) },
    };
  });
}
