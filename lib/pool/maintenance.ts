import { outsideRequests } from '../core/root-scope.js';
import { fullJitter } from '../policy/backoff.js';
import type { Bag } from './bag.js';
import { Silence } from './silence.js';

export interface MaintenanceOptions {
  min: number;
  /** 0: idle connections are kept. */
  idleTimeoutMs: number;
  maxLifetimeMs: number;
}

const SWEEP_MS = 1000;
/** The longest pause after failed refills. */
const REFILL_PAUSE_MAX_MS = 30_000;

/**
 * What time does to a pool: idle connections above the minimum are retired, old ones too, and missing ones
 * are opened. One timer for the whole pool, where pg-pool sets one for every release.
 */
export class Maintenance {
  readonly #bag: Bag;
  readonly #options: MaintenanceOptions;
  readonly #silence: Silence;
  #timer: NodeJS.Timeout | undefined;
  #refilling = false;
  #failures = 0;
  #refillAfter = 0;

  constructor(bag: Bag, options: MaintenanceOptions) {
    this.#bag = bag;
    this.#options = options;
    this.#silence = new Silence(bag.circuit);
  }

  /** Begins with the pool's first connection; called again, it does nothing. */
  start(): void {
    if (this.#timer !== undefined || this.#bag.closing) return;
    const { idleTimeoutMs, maxLifetimeMs } = this.#options;
    const shortest = Math.min(idleTimeoutMs || Infinity, maxLifetimeMs || Infinity);
    const every = Math.max(10, Math.min(SWEEP_MS, shortest / 4));
    this.#timer = outsideRequests(() => setInterval(() => this.sweep(), every));
    this.#timer.unref();
    void this.refill();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  sweep(): void {
    const bag = this.#bag;
    const now = bag.deadlines.now();
    const { idleTimeoutMs, min } = this.#options;
    // The one that has been idle longest stands first.
    for (const entry of [...bag.idle]) {
      const tooIdle = idleTimeoutMs > 0 && now - entry.idleSince >= idleTimeoutMs && bag.total > min;
      if (tooIdle || entry.expiresAt <= now) {
        bag.idle.splice(bag.idle.indexOf(entry), 1);
        bag.retire(entry);
      }
    }
    this.#silence.look(
      now,
      [...bag.entries].some(({ isRunning }) => isRunning),
    );
    if (bag.slow.size > 0) bag.slow.prune(now);
    void this.refill();
  }

  /** Opens connections up to the minimum, one after the other. */
  async refill(): Promise<void> {
    const bag = this.#bag;
    if (this.#refilling || bag.circuit.refuses || bag.deadlines.now() < this.#refillAfter) return;
    this.#refilling = true;
    while (!bag.closing && bag.total < this.#options.min) {
      if (await bag.dialOne()) {
        this.#failures = 0;
      } else {
        this.#failures += 1;
        this.#refillAfter = bag.deadlines.now() + fullJitter(this.#failures, SWEEP_MS, REFILL_PAUSE_MAX_MS);
        break;
      }
    }
    this.#refilling = false;
  }
}
