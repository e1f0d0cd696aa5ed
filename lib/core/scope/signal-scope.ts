import { Scope } from './scope.js';
import type { Bound } from './scope.js';

/** One call whose caller may abort it; without a deadline of its own. Listens to the signal while it has bound something. */
export class SignalScope extends Scope {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.cancel({ by: 'signal', cause: this.#signal.reason });

  constructor(signal: AbortSignal, parent: Scope | undefined) {
    super(false, parent);
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
  }

  override bind(bound: Bound): void {
    super.bind(bound);
    this.#signal.addEventListener('abort', this.#onAbort);
  }

  override unbind(bound: Bound): void {
    super.unbind(bound);
    // Not at once: the statement is bound right after the wait for its connection has ended.
    queueMicrotask(() => {
      if (this.isIdle) this.#signal.removeEventListener('abort', this.#onAbort);
    });
  }
}
