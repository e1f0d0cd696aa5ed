import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { Acquisitions } from './acquisitions.js';
import type { ConnectionCounts } from './reports.js';

/** What a pool was like at one moment. */
export interface ConnectionSnapshot {
  /** ISO 8601. */
  readonly at: string;
  readonly size: number;
  readonly active: number;
  readonly idle: number;
  readonly waiting: number;
  /** Calls that got a connection, and that got none, since the pool was made. */
  readonly acquisitions: number;
  readonly failures: number;
}

const MOST_SNAPSHOTS = 120;

/** How a pool's connections are come by, and what became of them in the last two minutes. */
export class ConnectionMonitor {
  readonly acquisitions: Acquisitions;
  readonly #snapshots: ConnectionSnapshot[] = [];

  /** @param samples see `Acquisitions` */
  constructor(samples = 1000, clock: Clock = systemClock) {
    this.acquisitions = new Acquisitions(samples, clock);
  }

  /** To be called once a second. */
  snapshot({ size, active, idle, waiting }: ConnectionCounts, at = new Date()): void {
    const { total, failures } = this.acquisitions;
    this.#snapshots.push({ at: at.toISOString(), size, active, idle, waiting, acquisitions: total, failures });
    if (this.#snapshots.length > MOST_SNAPSHOTS) this.#snapshots.shift();
  }

  /** The last 120, the oldest first. */
  snapshots(): readonly ConnectionSnapshot[] {
    return [...this.#snapshots];
  }
}
