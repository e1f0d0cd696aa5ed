import type { DeadlineList } from '../core/deadline-list.js';
import { Expiring } from '../core/deadline-list.js';
import type { Bound, Cancellation, Scope } from '../core/scope/scope.js';
import type { Holder, PoolEntry } from './pool-entry.js';
import { wouldBe } from './mode.js';
import { beginsLate, deadlineOf } from './scope-rules.js';
import type { Rules } from './scope-rules.js';
import type { Stop } from './stop.js';

export type AcquireCallback = (
  ...result: [error: Error, entry: undefined] | [error: undefined, entry: PoolEntry]
) => void;

export interface WaitRules extends Rules {
  /** Somebody has set pg's own time-out, which ends a wait in every mode. */
  readonly timeoutIsByHand: boolean;
}

export type Borrowing = Extract<Holder, 'statement' | 'borrower'>;

/** A call that waits for a connection. */
export class Waiter extends Expiring implements Bound {
  readonly since: number;
  #isSpared = false;
  #timeoutIsOver = false;
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
    if (scope !== undefined) {
      this.#isSpared = beginsLate(scope, this.since, waiters.rules.mode);
      scope.bind(this);
    }
    this.onDeadlineMoved();
  }

  get #timeoutAt(): number {
    return this.#timeoutIsOver ? Infinity : this.since + this.waiters.timeoutMs;
  }

  onDeadlineMoved(): void {
    const { scope, waiters } = this;
    const at = Math.min(this.#timeoutAt, scope === undefined ? Infinity : deadlineOf(scope, this.#isSpared));
    if (at === Infinity) waiters.deadlines.remove(this);
    else waiters.deadlines.add(this, at);
  }

  onCancelled(reason: Cancellation): void {
    if (reason.by === 'signal' || this.waiters.rules.cancelOnDisconnect !== false)
      this.#end({ kind: 'cancelled', reason });
  }

  override expire(now: number): void {
    const timedOut = now >= this.#timeoutAt;
    const expired = timedOut ? undefined : this.scope?.expired(now, this.#isSpared);
    if (timedOut) this.#end({ kind: 'timeout', timeoutMs: this.waiters.timeoutMs });
    else if (expired === undefined) this.onDeadlineMoved();
    else this.#end({ kind: 'deadline', scope: expired });
  }

  #end(stop: Stop): void {
    const { mode, timeoutIsByHand } = this.waiters.rules;
    const what = wouldBe(stop, 'acquire-timeout', timeoutIsByHand);
    if (what === undefined || mode.applies(what)) {
      this.waiters.end(this, stop);
      return;
    }
    if (stop.kind === 'timeout') this.#timeoutIsOver = true;
    else if (stop.kind === 'deadline') this.#isSpared = true;
    if (stop.kind !== 'cancelled') this.onDeadlineMoved();
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
    readonly rules: WaitRules,
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
