import type { Clock, Timer } from '../../../lib/core/clock.js';
import { FakeClock } from '../../../lib/testing/index.js';

/** A FakeClock whose time may also pass without a timer that fires: the process was held up, or the machine slept. */
export class HeldUpClock implements Clock {
  readonly #fake = new FakeClock();
  #heldUpMs = 0;

  now(): number {
    return this.#fake.now() + this.#heldUpMs;
  }

  get pending(): number {
    return this.#fake.pending;
  }

  holdUp(ms: number): void {
    this.#heldUpMs += ms;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    return this.#fake.setTimeout(callback, ms);
  }

  clearTimeout(timer: Timer): void {
    this.#fake.clearTimeout(timer);
  }

  advanceAsync(ms: number): Promise<void> {
    return this.#fake.advanceAsync(ms);
  }
}
