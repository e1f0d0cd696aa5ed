import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { Window } from '../policy/circuit/window.js';
import type { AcquireFailure } from './hooks.js';

const RECENT_MS = 60_000;
/** A wait for a connection that a user notices. */
const SLOW_MS = 1000;

/** Milliseconds; 0 where there was no acquisition yet. */
export interface AcquisitionTimes {
  readonly avg_ms: number;
  readonly p95_ms: number;
  readonly max_ms: number;
}

/** How calls got their connections, and how many got none. */
export class Acquisitions {
  readonly #waits: Float64Array;
  readonly #failed: Record<AcquireFailure, number> = none();
  readonly #failedRecently: Readonly<Record<AcquireFailure, Window>>;
  readonly #slowRecently: Window;
  #total = 0;
  /** Of the first `of` acquisitions and no more. */
  #known: { readonly of: number; readonly times: AcquisitionTimes } | undefined;

  /** @param samples times are those of so many acquisitions, the last ones; 8 bytes each */
  constructor(samples = 1000, clock: Clock = systemClock) {
    this.#waits = new Float64Array(samples);
    this.#slowRecently = new Window(clock, RECENT_MS);
    this.#failedRecently = mapReasons(() => new Window(clock, RECENT_MS));
  }

  acquired(waitMs: number): void {
    this.#waits[this.#total % this.#waits.length] = waitMs;
    this.#total += 1;
    if (waitMs > SLOW_MS) this.#slowRecently.addFailure();
  }

  failed(reason: AcquireFailure, _waitMs: number): void {
    this.#failed[reason] += 1;
    this.#failedRecently[reason].addFailure();
  }

  /** Calls that got a connection, since the beginning. */
  get total(): number {
    return this.#total;
  }

  /** Calls that got none, since the beginning. */
  get failures(): number {
    return Object.values(this.#failed).reduce((sum, count) => sum + count, 0);
  }

  failuresBy(): Readonly<Record<AcquireFailure, number>> {
    return { ...this.#failed };
  }

  /** Those of the last minute, to a tenth of it. */
  recentFailuresBy(): Readonly<Record<AcquireFailure, number>> {
    return mapReasons((reason) => this.#failedRecently[reason].totals().failed);
  }

  /** Calls of the last minute that got a connection and have waited for it for more than a second. */
  get recentlySlow(): number {
    return this.#slowRecently.totals().failed;
  }

  /** The 95th percentile is one of the times themselves, by the nearest rank. */
  times(): AcquisitionTimes {
    // Health is asked for more often than it changes, and sorting takes a tenth of a millisecond.
    if (this.#known?.of !== this.#total) this.#known = { of: this.#total, times: this.#timesOfNow() };
    return this.#known.times;
  }

  #timesOfNow(): AcquisitionTimes {
    const waits = this.#waits.slice(0, this.#total).sort();
    if (waits.length === 0) return { avg_ms: 0, p95_ms: 0, max_ms: 0 };
    return {
      avg_ms: waits.reduce((sum, ms) => sum + ms, 0) / waits.length,
      p95_ms: waits[Math.ceil(waits.length * 0.95) - 1]!,
      max_ms: waits.at(-1)!,
    };
  }
}

function none(): Record<AcquireFailure, number> {
  return { timeout: 0, deadline: 0, cancelled: 0, 'circuit-open': 0, connect: 0, closed: 0 };
}

function mapReasons<T>(of: (reason: AcquireFailure) => T): Record<AcquireFailure, T> {
  const reasons = Object.keys(none()) as AcquireFailure[];
  return Object.fromEntries(reasons.map((reason) => [reason, of(reason)])) as Record<AcquireFailure, T>;
}
