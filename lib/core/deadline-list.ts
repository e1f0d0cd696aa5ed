import type { Clock, Timer } from './clock.js';
import { systemClock } from './clock.js';
import { outsideRequests } from './root-scope.js';

/** Something with a moment at which it must end. It stands in at most one list. */
export abstract class Expiring {
  // Set in the constructor and not as class fields, which V8 defines slowly where many classes inherit them: 5 µs.
  /** @internal */ declare expiresAt: number;
  /** @internal */ declare listed: boolean;
  /** @internal */ declare before: Expiring | undefined;
  /** @internal */ declare after: Expiring | undefined;

  constructor() {
    this.expiresAt = Infinity;
    this.listed = false;
    this.before = undefined;
    this.after = undefined;
  }

  /** Called once when the moment has come; the entry has left its list and may be added again. */
  abstract expire(now: number): void;
}

/**
 * Deadlines behind one timer. A timer of its own for every statement costs five times as much as a link
 * in a list, and nearly every deadline is removed before it comes: so the timer is armed for the earliest
 * deadline known, left alone when that one is removed, and set anew from a scan when it fires.
 */
export class DeadlineList {
  readonly #clock: Clock;
  #first: Expiring | undefined;
  #last: Expiring | undefined;
  #timer: Timer | undefined;
  #armedFor = Infinity;
  #closed = false;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Adds the entry, or moves it to another moment. */
  add(entry: Expiring, expiresAt: number): void {
    if (entry.listed) this.remove(entry);
    entry.expiresAt = expiresAt;
    entry.listed = true;
    entry.before = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    if (expiresAt < this.#armedFor) this.#arm(expiresAt);
  }

  remove(entry: Expiring): void {
    if (!entry.listed) return;
    entry.listed = false;
    if (entry.before === undefined) this.#first = entry.after;
    else entry.before.after = entry.after;
    if (entry.after === undefined) this.#last = entry.before;
    else entry.after.before = entry.before;
    entry.before = undefined;
    entry.after = undefined;
    if (this.#closed && this.#first === undefined) this.#disarm();
  }

  /** From now on the timer does not stay when nothing is listed. What is listed expires in its time. */
  close(): void {
    this.#closed = true;
    if (this.#first === undefined) this.#disarm();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Infinity;
  }

  #arm(at: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#armedFor = at;
    // Node truncates delays to whole milliseconds; rounding up avoids a firing just before the moment.
    const delay = Math.min(Math.max(0, Math.ceil(at - this.#clock.now())), 2 ** 31 - 1);
    this.#timer = outsideRequests(() => this.#clock.setTimeout(() => this.#fire(), delay));
    this.#timer.unref?.();
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    const due: Expiring[] = [];
    let earliest = Infinity;
    for (let entry = this.#first; entry !== undefined; entry = entry.after) {
      if (entry.expiresAt <= now) due.push(entry);
      else if (entry.expiresAt < earliest) earliest = entry.expiresAt;
    }
    if (earliest !== Infinity) this.#arm(earliest);
    for (const entry of due) {
      // An earlier one's expiry may have removed or moved this one.
      if (!entry.listed || entry.expiresAt > now) continue;
      this.remove(entry);
      entry.expire(now);
    }
  }
}
