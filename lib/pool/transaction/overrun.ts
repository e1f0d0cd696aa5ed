import { Expiring } from '../../core/deadline-list.js';
import type { DeadlineList } from '../../core/deadline-list.js';
import type { Bound, Cancellation, Scope } from '../../core/scope/scope.js';
import { DeadlineExceededError } from '../../errors/errors.js';
import { stopError } from '../stop.js';

/** Statements that ran into the deadline have this long to say what became of them, and the callback to say it better. */
const LAST_WORD_MS = 75;

/** Ends the waiting for a callback that does not end: when the deadline has passed, or its caller's signal is aborted. */
export class Overrun extends Expiring implements Bound {
  readonly over: Promise<never>;
  #reject: (error: Error) => void = () => undefined;

  constructor(
    readonly deadlines: DeadlineList,
    readonly scope: Scope,
  ) {
    super();
    this.over = new Promise((_resolve, reject) => (this.#reject = reject));
    // Nobody may wait for it any more when it comes.
    this.over.catch(() => undefined);
    scope.bind(this);
    this.onDeadlineMoved();
  }

  onDeadlineMoved(): void {
    const { deadlines, scope } = this;
    const at = scope.earliestDeadline + LAST_WORD_MS;
    if (at === Infinity) deadlines.remove(this);
    else deadlines.add(this, at);
  }

  onCancelled(reason: Cancellation): void {
    // A transaction whose client has left runs on.
    if (reason.by === 'signal') this.#reject(stopError({ kind: 'cancelled', reason }, { outcome: 'rolled-back' }));
  }

  override expire(now: number): void {
    const expired = this.scope.expired(now - LAST_WORD_MS);
    if (expired === undefined) this.onDeadlineMoved();
    else
      this.#reject(
        new DeadlineExceededError(expired.timeoutMs, { outcome: 'rolled-back' }, 'The transaction did not end'),
      );
  }

  stop(): void {
    this.deadlines.remove(this);
    this.scope.unbind(this);
  }
}
