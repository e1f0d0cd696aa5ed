import { AllocationMeter } from './allocation.js';
import { quantile } from './statistics.js';

/** Of one time. */
export interface Cost {
  readonly nanos: number;
  readonly bytes: number;
}

/** Medians of so many runs, each of which does it so many times. */
export interface Repetition {
  readonly runs: number;
  readonly times: number;
}

export async function measureCost(
  { runs, times }: Repetition,
  work: (times: number) => Promise<void> | void,
): Promise<Cost> {
  const meter = new AllocationMeter();
  const nanos: number[] = [];
  const bytes: number[] = [];
  for (let run = 0; run < runs; run++) {
    meter.start();
    const before = performance.now();
    await work(times);
    const ms = performance.now() - before;
    bytes.push(meter.stop() / times);
    nanos.push((ms * 1e6) / times);
  }
  return { nanos: quantile(nanos, 0.5), bytes: quantile(bytes, 0.5) };
}

/** What is left of a cost when that of the loop around it is taken off. */
export function less(whole: Cost, loop: Cost): Cost {
  return { nanos: whole.nanos - loop.nanos, bytes: whole.bytes - loop.bytes };
}
