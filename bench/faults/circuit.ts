import type { CircuitSeen } from './app/circuit-watch.js';
import { lagOf } from './lag.js';
import { latenciesOf } from './latencies.js';
import type { Sample } from './load.js';
import { probeTimeoutMs, silentFaults, type FaultName } from './names.js';
import type { CircuitReport } from './report.js';

const openP99Ms = 50;
const closedWithinMs = 1500;

export interface Watched {
  readonly fault: FaultName;
  readonly seen: CircuitSeen;
  readonly reads: readonly Sample[];
  readonly transactions: readonly Sample[];
  readonly control: readonly Sample[];
  /** As `performance.now()` in this process. */
  readonly healedAt: number;
  readonly patience?: number | undefined;
}

/** What the circuit did, told by the application, and what clients saw of it. */
export function reportCircuit(watched: Watched, timeOrigin = performance.timeOrigin): CircuitReport {
  const { fault, seen, reads, transactions, control, healedAt, patience = 1 } = watched;
  const changes = seen.changes.map(({ at, ...change }) => ({ ...change, at: at - timeOrigin }));
  const openings = changes.filter(({ from }) => from === 'closed');
  const opening = openings[0];
  const last = changes.at(-1);
  const samples = [...reads, ...transactions];
  const open = reads.filter(({ whileOpen }) => whileOpen);
  const latencies = latenciesOf(open.map(({ ms }) => ms));
  const own = latenciesOf(open.map((sample) => sample.ms - lagOf(sample, control)));
  return {
    opened: openings.length,
    ...(opening === undefined ? {} : { openedAfterMs: sinceFirstFailure(opening.at, samples) }),
    ...(last === undefined ? {} : { closedAfterMs: last.to === 'closed' ? Math.max(0, last.at - healedAt) : 'never' }),
    closedAtMost: closedAtMost(fault, patience),
    ...(latencies === undefined || own === undefined ? {} : { open: { ...latencies, ownP99Ms: own.p99Ms } }),
    openP99AtMost: openP99Ms * patience,
    ...(seen.refused === undefined ? {} : { refused: seen.refused }),
    asked: seen.asked,
    withoutRetryAfter: samples.filter(({ status, retryAfter }) => status === '503' && !isSeconds(retryAfter)).length,
  };
}

function sinceFirstFailure(moment: number, samples: readonly Sample[]): number | 'before any' {
  let first = Infinity;
  for (const { status, dueAt, ms } of samples) if (status !== '200') first = Math.min(first, dueAt + ms);
  return moment < first ? 'before any' : moment - first;
}

function closedAtMost(fault: FaultName, patience: number): number | undefined {
  // Where it opens again and again it stays open for longer each time.
  if (fault === 'reset') return undefined;
  return (closedWithinMs + (silentFaults.has(fault) ? probeTimeoutMs : 0)) * patience;
}

function isSeconds(header: string | undefined): boolean {
  return header !== undefined && /^[1-9]\d*$/.test(header);
}
