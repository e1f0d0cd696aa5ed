import type { Clock, Timer } from '../../core/clock.js';
import { outsideRequests } from '../../core/root-scope.js';

/**
 * After an outage: how much may be under way at a time. One at first, twice as many after each step, without a limit after
 * `rampMs`. What is above it waits; nothing is refused.
 */
export class Ramp {
  readonly #rampMs: number;
  readonly #clock: Clock;
  readonly #apply: (limit: number) => void;
  #timer: Timer | undefined;

  constructor(rampMs: number, apply: (limit: number) => void, clock: Clock) {
    this.#rampMs = rampMs;
    this.#apply = apply;
    this.#clock = clock;
  }

  /** @param full where the limit is none any more */
  begin(full: number): void {
    this.end();
    const steps = Math.ceil(Math.log2(full));
    if (steps > 0 && this.#rampMs > 0) this.#step(1, steps);
  }

  /** Lifts the limit. */
  end(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#apply(Infinity);
  }

  #step(limit: number, left: number, of = left): void {
    this.#apply(limit);
    this.#timer = outsideRequests(() =>
      this.#clock.setTimeout(() => {
        if (left > 1) this.#step(limit * 2, left - 1, of);
        else this.end();
      }, this.#rampMs / of),
    );
    this.#timer.unref?.();
  }
}
