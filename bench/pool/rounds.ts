import type { Contestant } from './contestant.js';
import { modes } from './names.js';
import type { CandidateName, Mode, WorkloadName } from './names.js';
import type { Slice } from './slice.js';
import { shuffled } from './statistics.js';

export interface Plan {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly callers: readonly number[];
  readonly workloads: readonly WorkloadName[];
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly what: string;
  /** 0 to 1, of everything. */
  readonly done: number;
}

/** A candidate in one mode, on one workload, with so many callers: one slice a round, in the order of the rounds. */
export interface Series {
  readonly workload: WorkloadName;
  readonly callers: number;
  readonly mode: Mode;
  readonly candidate: CandidateName;
  readonly slices: readonly Slice[];
}

const warmUpSlices = 5;
const leadMs = 50;

/**
 * All processes live at the same time and only one works at any moment. A round goes through all of them in random
 * order, those of one mode one after the other: the nearer in time the two of a pair, the less has changed between them.
 */
export async function runRounds(plan: Plan, contestants: readonly Contestant[]): Promise<Series[]> {
  const configurations = plan.workloads.flatMap((workload) => plan.callers.map((callers) => ({ workload, callers })));
  // One round of each configuration is for warming up.
  const steps = configurations.length * (plan.rounds + 1);
  let step = 0;
  const report = (what: string): void => plan.onProgress({ what, done: step / steps });

  report('warming up');
  for (const contestant of contestants) {
    for (const workload of plan.workloads) {
      await contestant.slice({ workload, callers: 10, ms: warmUpSlices * plan.sliceMs, leadMs: 0 });
    }
  }

  const series: Series[] = [];
  for (const { workload, callers } of configurations) {
    const slices = new Map<Contestant, Slice[]>(contestants.map((contestant) => [contestant, []]));
    for (let round = 0; round <= plan.rounds; round++) {
      const what = `${workload}, ${String(callers)} ${callers === 1 ? 'caller' : 'callers'}`;
      report(round === 0 ? `${what}: warming up` : `${what}: round ${String(round)} of ${String(plan.rounds)}`);
      const order = shuffled(modes).flatMap((mode) => shuffled(contestants.filter((each) => each.mode === mode)));
      for (const contestant of order) {
        const slice = await contestant.slice({ workload, callers, ms: plan.sliceMs, leadMs });
        if (round > 0) slices.get(contestant)?.push(slice);
      }
      step += 1;
    }
    for (const [{ mode, candidate }, of] of slices) series.push({ workload, callers, mode, candidate, slices: of });
  }
  return series;
}
