import { measureCircuit } from './circuit-cost.js';
import { Contestant, contestantProcess } from './contestant.js';
import type { Cost } from './cost.js';
import { candidates, modes, transactors, watchers } from './names.js';
import type { CandidateName, Mode } from './names.js';
import { runRounds } from './rounds.js';
import type { Plan, Series } from './rounds.js';

export interface ContestPlan extends Plan {
  readonly connectionString: string;
  readonly signal: AbortSignal;
}

export interface Statements {
  readonly series: readonly Series[];
  readonly scopes: Record<'ours' | 'plain', Cost>;
  readonly circuit: Cost;
}

export interface Transactions {
  readonly series: readonly Series[];
  /** Of a statement that does nothing, on bare pg.Pool. */
  readonly roundTripMicros: number;
}

const roundTripMs = 1000;

export function compareStatements(plan: ContestPlan): Promise<Statements> {
  return withContestants(apart(candidates, plan.signal), plan, async (contestants) => {
    const series = await runRounds(plan, contestants);
    const ours = await find(contestants, 'ours', 'inside').scopeCost();
    const plain = await find(contestants, 'bare', 'inside').scopeCost();
    return { series, scopes: { ours, plain }, circuit: await measureCircuit(plan.signal) };
  });
}

export function compareTransactions(plan: ContestPlan): Promise<Transactions> {
  return withContestants(apart(transactors, plan.signal), plan, async (contestants) => {
    const series = await runRounds(plan, contestants);
    const bare = find(contestants, 'bare', 'outside');
    const { done, ms } = await bare.slice({ workload: 'select', callers: 1, ms: roundTripMs, leadMs: roundTripMs });
    return { series, roundTripMicros: (ms * 1000) / done };
  });
}

/**
 * Two processes that run the same code differ by several percent for as long as they live, and what is looked for is less
 * than that: so they are pools of one process. Each configuration has a new one, since one may have been compiled luckily.
 */
export async function compareWatchers(plan: ContestPlan): Promise<Series[]> {
  const parts = plan.workloads.flatMap((workload) => plan.callers.map((callers) => ({ workload, callers })));
  const series: Series[] = [];
  for (const [index, { workload, callers }] of parts.entries()) {
    const part: ContestPlan = {
      ...plan,
      workloads: [workload],
      callers: [callers],
      onProgress: ({ what, done }) => plan.onProgress({ what, done: (index + done) / parts.length }),
    };
    const contestants = together(watchers, plan.signal);
    series.push(...(await withContestants(contestants, part, () => runRounds(part, contestants))));
  }
  return series;
}

async function withContestants<T>(
  contestants: readonly Contestant[],
  { connectionString }: ContestPlan,
  measure: (contestants: readonly Contestant[]) => Promise<T>,
): Promise<T> {
  try {
    for (const contestant of contestants) await contestant.open(connectionString);
    return await measure(contestants);
  } finally {
    for (const contestant of contestants) contestant.end();
  }
}

/** Each in a process of its own. */
function apart(names: readonly CandidateName[], signal: AbortSignal): Contestant[] {
  return modes.flatMap((mode) =>
    names.map((name) => new Contestant(name, mode, contestantProcess(`${name}, ${mode} a scope`, signal))),
  );
}

/** Those of one mode in one process. */
function together(names: readonly CandidateName[], signal: AbortSignal): Contestant[] {
  return modes.flatMap((mode) => {
    const process = contestantProcess(`${names.join(' and ')}, ${mode} a scope`, signal);
    return names.map((name) => new Contestant(name, mode, process));
  });
}

function find(contestants: readonly Contestant[], name: CandidateName, mode: Mode): Contestant {
  const found = contestants.find(({ candidate, mode: its }) => candidate === name && its === mode);
  if (found === undefined) throw new Error(`There is no ${name} ${mode} a scope`);
  return found;
}
