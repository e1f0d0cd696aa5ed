import { systemClock } from '../core/clock.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { outsideRequests } from '../core/root-scope.js';
import { callSite, frames } from './call-site.js';
import type { Lease } from './hooks.js';
import type { LeakWarning } from './reports.js';

export interface LeaksOptions {
  /** A lease that lasts longer is suspected; `false`: none is. */
  readonly thresholdMs: number | false;
  readonly logger: Logger;
  /** The pool's. */
  readonly name: string;
  readonly clock?: Clock;
  /** Told of each lease that is reported. */
  readonly onLeak?: (lease: Lease) => void;
}

const MOST_SWEEP_MS = 500;

/**
 * Reports a connection that is held for longer than the threshold, once, and again when it does come back. Looks through
 * the leases twice a second, with a timer that lasts no longer than there is one to look at: a timer for each would cost
 * every checkout.
 */
export class Leaks {
  readonly #options: LeaksOptions;
  readonly #clock: Clock;
  readonly #lent = new Set<Lease>();
  readonly #reported = new Set<Lease>();
  #timer: Timer | undefined;
  #total = 0;
  #isClosed = false;

  constructor(options: LeaksOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Leases that were reported, since the beginning. */
  get total(): number {
    return this.#total;
  }

  lent(lease: Lease): void {
    const { thresholdMs } = this.#options;
    if (thresholdMs === false || this.#isClosed) return;
    this.#lent.add(lease);
    if (this.#timer === undefined) this.#arm(thresholdMs);
  }

  returned(lease: Lease, heldMs: number): void {
    if (this.#lent.delete(lease) || !this.#reported.delete(lease)) return;
    const { name, logger } = this.#options;
    quietly(() =>
      logger.info({ pool: name, ...describe(lease, heldMs) }, 'A connection that was held for long has come back'),
    );
  }

  /** How many are held for too long now. */
  get suspects(): number {
    return this.#late(this.#clock.now()).length;
  }

  /** Those that are held for too long now; the longest first. */
  suspected(): LeakWarning[] {
    const now = this.#clock.now();
    const wallClock = Date.now();
    return this.#late(now)
      .sort((one, other) => one.since - other.since)
      .map((lease) => ({
        ...describe(lease, now - lease.since),
        stack: frames(lease.borrower),
        since: new Date(wallClock - (now - lease.since)).toISOString(),
      }));
  }

  /** Reports nothing from now on, and forgets what is lent. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lent.clear();
    this.#reported.clear();
  }

  #arm(thresholdMs: number): void {
    const ms = Math.min(MOST_SWEEP_MS, thresholdMs / 2);
    this.#timer = outsideRequests(() => this.#clock.setTimeout(() => this.#sweep(thresholdMs), ms));
    this.#timer.unref?.();
  }

  #sweep(thresholdMs: number): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const lease of this.#lent) {
      if (this.#isLate(lease, now, thresholdMs)) this.#report(lease, now - lease.since);
    }
    // A logger may have closed the pool, or lent a connection to write its line.
    if (this.#lent.size > 0 && this.#timer === undefined) this.#arm(thresholdMs);
  }

  #late(now: number): Lease[] {
    const { thresholdMs } = this.#options;
    if (thresholdMs === false) return [];
    return [...this.#reported, ...this.#lent].filter((lease) => this.#isLate(lease, now, thresholdMs));
  }

  #isLate({ since, isLongLived }: Lease, now: number, thresholdMs: number): boolean {
    return now - since > thresholdMs && !isLongLived;
  }

  #report(lease: Lease, heldMs: number): void {
    const { name, logger, onLeak } = this.#options;
    this.#lent.delete(lease);
    this.#reported.add(lease);
    this.#total += 1;
    quietly(() =>
      logger.warn(
        { pool: name, ...describe(lease, heldMs), stack: frames(lease.borrower) },
        `A connection has been held for ${String(Math.round(heldMs))} ms; was it released?`,
      ),
    );
    if (onLeak !== undefined) quietly(() => onLeak(lease));
  }
}

function describe(lease: Lease, heldMs: number): Pick<LeakWarning, 'held_ms' | 'borrowed_at' | 'request_id'> {
  return {
    held_ms: Math.round(heldMs),
    borrowed_at: callSite(lease.borrower) ?? null,
    request_id: lease.requestId ?? null,
  };
}

/** In a timer, what a logger throws would end the process; elsewhere it would end a call that has nothing to do with it. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // There is nobody left to tell.
  }
}
