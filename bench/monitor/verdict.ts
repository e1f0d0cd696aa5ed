import type { Row } from '../pool/comparison.js';
import type { CandidateName } from '../pool/names.js';
import type { MonitorMemory } from './memory.js';
import type { Rest } from './rest.js';

export const cpuLimit = 1.03;
/** Of one core. */
export const restLimit = 0.01;
export const heapLimitMb = 5;

/** Of the CPU a statement, as ratios to the same pool with its monitor off. */
export interface CpuVerdict {
  /** Of the medians of all configurations. */
  readonly means: Record<'unwatched again' | 'watched' | 'watched, metrics', number>;
  /** For the median of a single configuration. */
  readonly limitOfEach: number;
  /** Configurations above it. */
  readonly above: readonly Row[];
  readonly isKept: boolean;
}

/**
 * The mean of all configurations is what can be told exactly, and has the limit itself. In a single one, two processes with
 * the same code are apart by more than what is looked for: where the control is above 1 in one, by that much more passes.
 */
export function judgeCpu(rows: readonly Row[]): CpuVerdict {
  const medians = (name: CandidateName): number[] =>
    rows.filter(({ candidate }) => candidate === name).map(({ ratios }) => ratios.cpu.median);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const limitOfEach = cpuLimit * Math.max(1, ...medians('unwatched again'));
  const above = rows.filter(({ candidate, ratios }) => candidate === 'watched' && ratios.cpu.median > limitOfEach);
  const means = {
    'unwatched again': mean(medians('unwatched again')),
    watched: mean(medians('watched')),
    'watched, metrics': mean(medians('watched, metrics')),
  };
  return { means, limitOfEach, above, isKept: above.length === 0 && means.watched <= cpuLimit };
}

export function isRestCheap({ share }: Rest): boolean {
  return share < restLimit;
}

export function isMemoryBounded({ heapMb }: MonitorMemory): boolean {
  return heapMb <= heapLimitMb;
}
