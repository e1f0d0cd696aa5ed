import type { Row } from './comparison.js';
import type { Cost } from './cost.js';
import type { Mode } from './names.js';

export const cpuLimits: Record<Mode, number> = { outside: 1.05, inside: 1.1 };
/** Of the way through a closed circuit. */
export const circuitLimitNanos = 300;
const throughputSlack = 0.03;
/**
 * Of hand-written BEGIN and COMMIT. Inside, each of ours has a scope and a deadline of its own (`runWithDeadline`), which
 * those by hand do without.
 */
export const transactionShares: Record<Mode, number> = { outside: 0.95, inside: 0.9 };

/** What bare pg.Pool against itself shows: how far apart two measurements of the same thing are here and now. */
export interface Control {
  /** The least and the greatest of the medians, over all configurations. */
  readonly throughput: readonly [least: number, greatest: number];
  readonly cpu: readonly [least: number, greatest: number];
  /** The lowest throughput ratio of a single round. */
  readonly worstRound: number;
}

export interface Breach {
  readonly row: Row;
  readonly figure: 'CPU' | 'throughput';
  readonly ratio: number;
  readonly limit: number;
}

export interface Verdict {
  readonly control: Control;
  readonly throughputLimits: Record<Mode, number>;
  readonly breaches: readonly Breach[];
}

export function judge(rows: readonly Row[]): Verdict {
  const control = controlOf(rows);
  // The control's worst is its lowest median over the configurations. Not its lowest round: what is judged is a median,
  // and single rounds scatter so far (0.85 and less) that nothing would ever be below them.
  const throughputLimit = control.throughput[0] - throughputSlack;
  const throughputLimits = { outside: throughputLimit, inside: throughputLimit };
  return { control, throughputLimits, breaches: breachesOf(rows, throughputLimits, cpuLimits) };
}

export function isCircuitCheap({ nanos }: Cost): boolean {
  return nanos <= circuitLimitNanos;
}

/** Of transactions the throughput alone, and without `verifyCommit`: what that costs is told, and is its user's choice. */
export function judgeTransactions(rows: readonly Row[]): Verdict {
  const control = controlOf(rows);
  // Where bare itself comes out slower than bare, by that much less can be asked.
  const expected = Math.min(1, control.throughput[0]);
  const throughputLimits = {
    outside: transactionShares.outside * expected,
    inside: transactionShares.inside * expected,
  };
  return { control, throughputLimits, breaches: breachesOf(rows, throughputLimits) };
}

function controlOf(rows: readonly Row[]): Control {
  const again = rows.filter(({ candidate }) => candidate === 'bare again');
  const range = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  return {
    throughput: range(again.map(({ ratios }) => ratios.throughput.median)),
    cpu: range(again.map(({ ratios }) => ratios.cpu.median)),
    worstRound: Math.min(...again.map(({ ratios }) => ratios.throughput.least)),
  };
}

function breachesOf(
  rows: readonly Row[],
  throughputLimits: Record<Mode, number>,
  limits?: Record<Mode, number>,
): Breach[] {
  return rows
    .filter(({ candidate }) => candidate === 'ours')
    .flatMap((row): Breach[] => {
      const { cpu, throughput } = row.ratios;
      const limit = limits?.[row.mode] ?? Infinity;
      const throughputLimit = throughputLimits[row.mode];
      return [
        ...(cpu.median > limit ? [{ row, figure: 'CPU', ratio: cpu.median, limit } as const] : []),
        ...(throughput.median < throughputLimit
          ? [{ row, figure: 'throughput', ratio: throughput.median, limit: throughputLimit } as const]
          : []),
      ];
    });
}
