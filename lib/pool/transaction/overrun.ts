import { Expiring } from '../../core/deadline-list.js';
import type { DeadlineList } from '../../core/deadline-list.js';
import type { Bound, Cancellation, Scope } from '../../core/scope/scope.js';
import { DeadlineExceededError } from '../../errors/errors.js';
import { deadlineOf } from '../scope-rules.js';
import { stopError } from '../stop.js';

/** Statements that were ended have this long to say what became of them, and the callback to say it better. */
const LAST_WORD_MS = 75;

/** Ends the waiting for a callback that does not end: when the deadline has passed, or its caller's signal is aborted. */
export class Overrun extends Expiring implements Bound {
  #cancelled: Cancellation | undefined;
  #error: Error | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(
    readonly deadlines: DeadlineList,
    readonly scope: Scope,
    /** The deadline of a request is observed only. */
    readonly isSpared: boolean,
  ) {
    super();
    scope.bind(this);
    this.onDeadlineMoved();
  }

  /** Why nobody waits for the callback any more. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Settles as `work` does, or rejects when its time is over. One at a time. */
  race<T>(work: PromiseLike<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      Promise.resolve(work).then(resolve, reject);
      if (this.#error === undefined) this.#reject = reject;
      else reject(this.#error);
    });
  }

  onDeadlineMoved(): void {
    if (this.#cancelled !== undefined) return;
    const { deadlines, scope } = this;
    const at = deadlineOf(scope, this.isSpared) + LAST_WORD_MS;
    if (at === Infinity) deadlines.remove(this);
    else deadlines.add(this, at);
  }

  onCancelled(reason: Cancellation): void {
    // A transaction whose client has left runs on.
    if (reason.by !== 'signal') return;
    this.#cancelled = reason;
    const { deadlines, scope } = this;
    deadlines.add(this, Math.min(deadlines.now(), deadlineOf(scope, this.isSpared)) + LAST_WORD_MS);
  }

  override expire(now: number): void {
    if (this.#cancelled !== undefined) {
      this.#end(stopError({ kind: 'cancelled', reason: this.#cancelled }, { outcome: 'rolled-back' }));
      return;
    }
    const expired = this.scope.expired(now - LAST_WORD_MS, this.isSpared);
    if (expired === undefined) this.onDeadlineMoved();
    else
      this.#end(
        new DeadlineExceededError(expired.timeoutMs, { outcome: 'rolled-back' }, 'The transaction did not end'),
      );
  }

  stop(): void {
    this.deadlines.remove(this);
    this.scope.unbind(this);
  }

  #end(error: Error): void {
    this.#error = error;
    this.#reject?.(error);
  }
}
