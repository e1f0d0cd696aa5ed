import type { DeadlineList } from '../core/deadline-list.js';
import { Expiring } from '../core/deadline-list.js';
import type { Holder, PoolEntry } from './pool-entry.js';

export type AcquireCallback = (
  ...result: [error: Error, entry: undefined] | [error: undefined, entry: PoolEntry]
) => void;

export type Borrowing = Extract<Holder, 'statement' | 'borrower'>;

/** A call that waits for a connection. */
export class Waiter extends Expiring {
  constructor(
    readonly since: number,
    readonly holder: Borrowing,
    readonly callback: AcquireCallback,
    readonly onExpired: (waiter: Waiter, now: number) => void,
  ) {
    super();
  }

  override expire(now: number): void {
    this.onExpired(this, now);
  }
}

/** Those who wait for a connection, the one who has waited longest first. */
export class Waiters {
  readonly #deadlines: DeadlineList;
  readonly #timeoutMs: number;
  readonly #onExpired: (waiter: Waiter, now: number) => void;
  // In order of arrival, and a waiter in the middle leaves in constant time.
  readonly #waiting = new Set<Waiter>();

  /** @param onExpired is told of one whose time is over and who is not counted any more */
  constructor(deadlines: DeadlineList, timeoutMs: number, onExpired: (waiter: Waiter, now: number) => void) {
    this.#deadlines = deadlines;
    this.#timeoutMs = timeoutMs;
    this.#onExpired = (waiter, now) => {
      this.#waiting.delete(waiter);
      onExpired(waiter, now);
    };
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(holder: Borrowing, callback: AcquireCallback): void {
    const now = this.#deadlines.now();
    const waiter = new Waiter(now, holder, callback, this.#onExpired);
    this.#waiting.add(waiter);
    this.#deadlines.add(waiter, now + this.#timeoutMs);
  }

  get first(): Waiter | undefined {
    for (const waiter of this.#waiting) return waiter;
    return undefined;
  }

  /** Takes out the one who has waited longest. */
  shift(): Waiter | undefined {
    const { first } = this;
    if (first !== undefined) {
      this.#waiting.delete(first);
      this.#deadlines.remove(first);
    }
    return first;
  }
}
