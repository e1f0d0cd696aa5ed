import type { Acquisitions, AcquisitionTimes } from './acquisitions.js';
import type { ConnectionCounts, HealthStatus } from './reports.js';

/** What else there is to know of a pool. */
export interface PoolSigns {
  readonly circuitState: 'closed' | 'open' | 'half-open' | 'isolated';
  /** Whether it refuses calls: one that only counts does not, be it open. */
  readonly refuses: boolean;
  /** Connections that are suspected to be leaked now. */
  readonly leaks: number;
  /** For how long at least 90 % of the connections have been in use, in milliseconds. */
  readonly sustainedHighMs: number;
}

const HIGH_PCT = 80;
const SUSTAINED_MS = 60_000;
const SLOW_MS = 1000;
/** The 95th percentile of fewer is the longest of all, and that was perhaps the opening of the first connection. */
const LEAST_ACQUISITIONS = 20;

const circuits: Readonly<Record<Exclude<PoolSigns['circuitState'], 'closed'>, string>> = {
  open: 'The circuit is open: the database is unreachable or ill. See that it runs and can be reached',
  'half-open':
    'The circuit is half-open: the database has answered, and more calls are let through when it does so again',
  isolated: 'The circuit is isolated by hand, until resume() is called',
};

/** Judges a pool by its numbers of now and of the last minute. */
export function healthStatus(counts: ConnectionCounts, acquisitions: Acquisitions, signs: PoolSigns): HealthStatus {
  const { size, active, idle, waiting, max } = counts;
  const times = acquisitions.times();
  const used = max > 0 ? rounded((100 * active) / max) : 0;
  const critical = criticalSigns(counts, acquisitions, signs);
  const warnings = [...critical, ...milderSigns(counts, used, acquisitions, times, signs)];
  return {
    status: critical.length > 0 ? 'critical' : warnings.length > 0 ? 'warning' : 'healthy',
    utilization_pct: used,
    size,
    active,
    idle,
    waiting,
    max,
    total_acquisitions: acquisitions.total,
    acquisition_failures: acquisitions.failures,
    avg_acquisition_ms: rounded(times.avg_ms),
    p95_acquisition_ms: rounded(times.p95_ms),
    max_acquisition_ms: rounded(times.max_ms),
    warnings,
  };
}

function criticalSigns(
  counts: ConnectionCounts,
  acquisitions: Acquisitions,
  { circuitState, refuses }: PoolSigns,
): string[] {
  const { active, waiting, max } = counts;
  const signs: string[] = [];
  if (circuitState !== 'closed') {
    signs.push(
      `${circuits[circuitState]}; ${refuses ? 'calls are refused meanwhile' : 'by its mode it refuses nothing'}`,
    );
  }
  const late = recentlyLate(acquisitions);
  if (active >= max && waiting > 0 && late > 0) {
    signs.push(
      `Every connection (${String(max)}) is in use, with ${some(waiting, 'call')} waiting, and ${some(late, 'call')} of ` +
        'the last minute got none in time: look for slow statements, long transactions and leaks before you raise max',
    );
  }
  return signs;
}

function milderSigns(
  { active, waiting, max }: ConnectionCounts,
  used: number,
  acquisitions: Acquisitions,
  times: AcquisitionTimes,
  { leaks, sustainedHighMs }: PoolSigns,
): string[] {
  const signs: string[] = [];
  if (used >= HIGH_PCT) {
    signs.push(
      `${String(active)} of ${String(max)} connections are in use (${String(used)} %): look for slow statements, or raise max`,
    );
  }
  if (waiting > 0) {
    signs.push(
      `Waiting for a connection: ${some(waiting, 'call')}. Where that lasts, shorten transactions, or raise max`,
    );
  }
  const late = recentlyLate(acquisitions);
  if (late > 0) {
    signs.push(`Got no connection in time, in the last minute: ${some(late, 'call')}. Look for what held them all`);
  }
  const { connect } = acquisitions.recentFailuresBy();
  if (connect > 0) {
    signs.push(`No connection could be opened for ${some(connect, 'call')} of the last minute: the log tells why`);
  }
  // Where few calls come, the times of an hour ago are still among the last ones.
  if (times.p95_ms > SLOW_MS && acquisitions.recentlySlow > 0 && acquisitions.total >= LEAST_ACQUISITIONS) {
    signs.push(
      `One call in twenty waits ${String(Math.round(times.p95_ms))} ms or longer for its connection: ` +
        'shorten transactions, or raise max',
    );
  }
  if (leaks > 0) {
    signs.push(
      `Held for longer than the threshold: ${some(leaks, 'connection')}. detectConnectionLeaks() tells who borrowed ` +
        'them; see that they are released',
    );
  }
  if (sustainedHighMs >= SUSTAINED_MS) {
    signs.push(
      `At least 90 % of the connections have been in use for ${String(Math.floor(sustainedHighMs / 1000))} s: ` +
        'some may never be released, or max is too low for the load',
    );
  }
  return signs;
}

/** Calls whose wait was ended by the acquire time-out or by the deadline of their request. */
function recentlyLate(acquisitions: Acquisitions): number {
  const { timeout, deadline } = acquisitions.recentFailuresBy();
  return timeout + deadline;
}

function some(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** To a tenth. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
