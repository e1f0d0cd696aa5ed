import { quantile } from '../pool/statistics.js';

export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** Undefined where there are none. */
export function latenciesOf(ms: readonly number[]): Latencies | undefined {
  if (ms.length === 0) return undefined;
  const [p50Ms, p99Ms, worstMs] = [quantile(ms, 0.5), quantile(ms, 0.99), quantile(ms, 1)];
  return { count: ms.length, p50Ms, p99Ms, worstMs };
}
