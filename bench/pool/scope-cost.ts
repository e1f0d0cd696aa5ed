import { less, measureCost } from './cost.js';
import type { Cost } from './cost.js';
import type { Scope } from './scopes.js';

const repetition = { runs: 15, times: 20_000 };

const nothing = async (): Promise<void> => undefined;

/** A scope around an empty function, less that function alone in the same process. */
export async function measureScope(scope: Scope): Promise<Cost> {
  const within = await measure(() => scope(nothing));
  const alone = await measure(nothing);
  return less(within, alone);
}

function measure(work: () => Promise<void>): Promise<Cost> {
  return measureCost(repetition, async (times) => {
    for (let i = 0; i < times; i++) await work();
  });
}
