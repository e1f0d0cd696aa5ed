import type { DeadlineList } from '../core/deadline-list.js';
import { Expiring } from '../core/deadline-list.js';
import type { Bound, Cancellation, Scope } from '../core/scope/scope.js';
import type { Holder, PoolEntry } from './pool-entry.js';
import type { CancelOnDisconnect } from './scope-rules.js';
import type { Stop } from './stop.js';

export type AcquireCallback = (
  ...result: [error: Error, entry: undefined] | [error: undefined, entry: PoolEntry]
) => void;

export type Borrowing = Extract<Holder, 'statement' | 'borrower'>;

/** A call that waits for a connection. */
export class Waiter extends Expiring implements Bound {
  readonly since: number;
  /** @internal */ earlier: Waiter | undefined;
  /** @internal */ later: Waiter | undefined;

  constructor(
    readonly waiters: Waiters,
    readonly holder: Borrowing,
    readonly callback: AcquireCallback,
    readonly scope: Scope | undefined,
    /** Runs something in the caller's context; undefined where nobody would see the difference. */
    readonly inContext: ((fn: () => void) => void) | undefined,
  ) {
    super();
    this.since = waiters.deadlines.now();
    scope?.bind(this);
    this.onDeadlineMoved();
  }

  get #timeoutAt(): number {
    return this.since + this.waiters.timeoutMs;
  }

  onDeadlineMoved(): void {
    const at = this.#timeoutAt;
    this.waiters.deadlines.add(this, Math.min(at, this.scope?.earliestDeadline ?? at));
  }

  onCancelled(reason: Cancellation): void {
    if (reason.by === 'signal' || this.waiters.cancelOnDisconnect !== false)
      this.waiters.end(this, { kind: 'cancelled', reason });
  }

  override expire(now: number): void {
    const timedOut = now >= this.#timeoutAt;
    const expired = timedOut ? undefined : this.scope?.expired(now);
    if (timedOut) this.waiters.end(this, { kind: 'timeout', timeoutMs: this.waiters.timeoutMs });
    else if (expired === undefined) this.onDeadlineMoved();
    else this.waiters.end(this, { kind: 'deadline', scope: expired });
  }
}

/**
 * Those who wait for a connection, the one who has waited longest first. Linked, because one in the middle may leave, and
 * because a Set from whose front everything is taken is rebuilt again and again: 2.5 µs a statement with 40 waiting.
 */
export class Waiters {
  readonly #onEnded: (waiter: Waiter, stop: Stop) => void;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #size = 0;

  /** @param onEnded is told of one who gets no connection and is not counted any more */
  constructor(
    readonly deadlines: DeadlineList,
    readonly timeoutMs: number,
    readonly cancelOnDisconnect: CancelOnDisconnect,
    onEnded: (waiter: Waiter, stop: Stop) => void,
  ) {
    this.#onEnded = onEnded;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Waiter | undefined {
    return this.#first;
  }

  add(holder: Borrowing, callback: AcquireCallback, scope?: Scope, inContext?: (fn: () => void) => void): void {
    const waiter = new Waiter(this, holder, callback, scope, inContext);
    waiter.earlier = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.later = waiter;
    this.#last = waiter;
    this.#size += 1;
  }

  /** Takes out the one who has waited longest. */
  shift(): Waiter | undefined {
    const first = this.#first;
    if (first !== undefined) this.#remove(first);
    return first;
  }

  end(waiter: Waiter, stop: Stop): void {
    this.#remove(waiter);
    if (waiter.scope !== undefined) waiter.scope.usage.cancellations += 1;
    this.#onEnded(waiter, stop);
  }

  #remove(waiter: Waiter): void {
    const { earlier, later } = waiter;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    this.#size -= 1;
    this.deadlines.remove(waiter);
    waiter.scope?.unbind(waiter);
  }
}
