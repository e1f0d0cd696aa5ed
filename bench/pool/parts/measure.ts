import type { Cost } from '../cost.js';
import type { Progress } from '../rounds.js';
import { shuffled, spread } from '../statistics.js';
import type { Spread } from '../statistics.js';
import { Worker } from '../worker.js';
import { caseNames } from './cases.js';
import type { CaseName } from './cases.js';
import type { Request } from './child.js';

export type Costs = Record<CaseName, { readonly nanos: Spread; readonly bytes: Spread }>;

const timesPerRound = 5000;
const warmUpRounds = 4;

export async function measureParts(plan: {
  rounds: number;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}): Promise<Costs> {
  const workers = caseNames.map((name) => ({
    name,
    costs: [] as Cost[],
    worker: new Worker<Request>(name, new URL('./child.js', import.meta.url), plan.signal),
  }));
  try {
    for (const { name, worker } of workers) await worker.ask({ open: name });
    const rounds = plan.rounds + warmUpRounds;
    for (let round = 0; round < rounds; round++) {
      plan.onProgress({ what: round < warmUpRounds ? 'warming up' : 'measuring', done: round / rounds });
      for (const { costs, worker } of shuffled(workers)) {
        const cost = await worker.ask<Cost>({ times: timesPerRound });
        if (round >= warmUpRounds) costs.push(cost);
      }
    }
    return Object.fromEntries(
      workers.map(({ name, costs }) => [
        name,
        { nanos: spread(costs.map(({ nanos }) => nanos)), bytes: spread(costs.map(({ bytes }) => bytes)) },
      ]),
    ) as Costs;
  } finally {
    for (const { worker } of workers) worker.end();
  }
}
