import { AllocationMeter } from './allocation.js';
import type { Scope } from './scopes.js';
import { quantile } from './statistics.js';

/** What a scope costs in which nothing is done. */
export interface ScopeCost {
  readonly nanos: number;
  readonly bytes: number;
}

const scopesPerRun = 20_000;
const runs = 15;

const nothing = async (): Promise<void> => undefined;

/** A scope around an empty function, less that function alone in the same process. */
export async function measureScope(scope: Scope): Promise<ScopeCost> {
  const within = await measure(() => scope(nothing));
  const alone = await measure(nothing);
  return { nanos: within.nanos - alone.nanos, bytes: within.bytes - alone.bytes };
}

async function measure(work: () => Promise<void>): Promise<ScopeCost> {
  const meter = new AllocationMeter();
  const nanos: number[] = [];
  const bytes: number[] = [];
  for (let run = 0; run < runs; run++) {
    meter.start();
    const before = performance.now();
    for (let i = 0; i < scopesPerRun; i++) await work();
    const ms = performance.now() - before;
    bytes.push(meter.stop() / scopesPerRun);
    nanos.push((ms * 1e6) / scopesPerRun);
  }
  return { nanos: quantile(nanos, 0.5), bytes: quantile(bytes, 0.5) };
}
