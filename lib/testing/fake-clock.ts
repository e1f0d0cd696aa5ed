import type { Clock, Timer } from '../core/clock.js';

interface FakeTimer extends Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance, for tests that need no sleeping. */
export class FakeClock implements Clock {
  #now: number;
  // In order of insertion, which decides between timers that are due at the same moment.
  readonly #timers = new Set<FakeTimer>();

  /** @param start what `now()` says at first, in milliseconds. Default 0. */
  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that are waiting. A test ends with 0 where nothing may be left behind. */
  get pending(): number {
    return this.#timers.size;
  }

  /** As Node's: less than 1 ms, or no number, counts as 1 ms. */
  setTimeout(callback: () => void, ms: number): Timer {
    const timer: FakeTimer = { dueAt: this.#now + (ms >= 1 ? ms : 1), callback, unref: () => timer };
    this.#timers.add(timer);
    return timer;
  }

  /** A timer that has fired, or is not of this clock, is ignored. */
  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer as FakeTimer);
  }

  /**
   * Moves the clock on and fires what comes due, in order, including timers that are set meanwhile.
   * Promises settle only after it has returned: see `advanceAsync`.
   *
   * @throws RangeError when `ms` is negative or not a number; and whatever a callback throws, the clock then standing
   *   at that callback's moment.
   */
  advance(ms: number): void {
    const until = this.#target(ms);
    while (this.#fireNext(until));
    this.#now = until;
  }

  /** Like `advance`, but whatever awaits a promise runs on before the next timer fires. */
  async advanceAsync(ms: number): Promise<void> {
    const until = this.#target(ms);
    do await settled();
    while (this.#fireNext(until));
    this.#now = until;
  }

  #target(ms: number): number {
    if (!(ms >= 0)) throw new RangeError(`A clock advances by 0 ms or more, not by ${String(ms)}`);
    return this.#now + ms;
  }

  #fireNext(until: number): boolean {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#now = next.dueAt;
    next.callback();
    return true;
  }
}

// A turn of the event loop: microtasks, and those that they queue, have all run by then.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
