import type { HealthStatus } from '../monitor/reports.js';

/** What the last probe has told. */
export interface ProbeReport {
  readonly ok: boolean;
  readonly duration_ms: number;
  /** What kind of failure it was, in one word, such as `unreachable`; null where it succeeded. */
  readonly error: string | null;
}

/** `GET /health/database`. Times are milliseconds. */
export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** ISO 8601, of the last probe's end; null before the first. */
  readonly checked_at: string | null;
  readonly age_ms: number | null;
  /** No probe has ended for longer than it should take: the report tells of the past. */
  readonly stale: boolean;
  /** Null before the first. */
  readonly probe: ProbeReport | null;
  readonly circuit: string;
  readonly pool: Pick<HealthStatus, 'utilization_pct' | 'active' | 'idle' | 'waiting' | 'max'>;
  /** How late this process's timers come: the 99th percentile since the probe before the last. */
  readonly event_loop_delay_ms: number;
  /** In words for people; without hosts, SQL and values. */
  readonly warnings: readonly string[];
}

/** What is known of the database without asking it. */
export interface HealthState {
  /** `closed`, `open`, `half-open` or `isolated`. */
  readonly circuit: string;
  /** Whether the circuit refuses calls now; one that only counts does not, be it open. */
  readonly refuses: boolean;
  readonly pool: HealthStatus;
  readonly ending: boolean;
  /** Why the application is not ready; safe to show. */
  readonly reason?: string | undefined;
}

/** What the monitor remembers. */
export interface Findings {
  readonly probe: ProbeReport | undefined;
  readonly ageMs: number;
  readonly isStale: boolean;
  readonly loopDelayMs: number;
}

/** From here on what this process says of the database says more of itself. */
const HELD_UP_MS = 200;

export function assess(state: HealthState, found: Findings): Pick<HealthReport, 'status' | 'warnings'> {
  const [failures, doubts] = [failuresOf(state, found), doubtsOf(state, found)];
  const isDegraded = doubts.length > 0 || state.pool.status !== 'healthy';
  return {
    status: failures.length > 0 ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy',
    warnings: [...failures, ...doubts, ...state.pool.warnings],
  };
}

function failuresOf(state: HealthState, { probe }: Findings): string[] {
  const failures: string[] = [];
  if (state.ending) failures.push('The pool is closing');
  // A pool that has connections, and lacks nothing, says enough until the first probe has ended.
  if (probe === undefined && (state.reason !== undefined || state.pool.size === 0)) failures.push(unasked);
  if (probe?.ok === false) failures.push(`The last probe failed: ${String(probe.error)}`);
  if (state.refuses) failures.push(`The circuit is ${state.circuit} and refuses calls`);
  return failures;
}

function doubtsOf(state: HealthState, { probe, ageMs, isStale, loopDelayMs }: Findings): string[] {
  const doubts: string[] = [];
  if (probe === undefined && state.reason === undefined && state.pool.size > 0) doubts.push(unasked);
  if (state.reason !== undefined && !state.ending) doubts.push(`Not ready: ${state.reason}`);
  if (!state.refuses && state.circuit !== 'closed') doubts.push(`The circuit is ${state.circuit} but refuses nothing`);
  if (isStale) doubts.push(`No probe has ended for ${String(Math.round(ageMs))} ms: this report is stale`);
  if (loopDelayMs > HELD_UP_MS) {
    doubts.push(`This process was held up: its event loop was late by ${String(Math.round(loopDelayMs))} ms`);
  }
  return doubts;
}

const unasked = 'The database has not been asked yet';
