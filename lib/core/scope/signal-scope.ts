import { Scope } from './scope.js';

/** One call whose caller may abort it; without a deadline of its own. */
export class SignalScope extends Scope {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.cancel({ by: 'signal', cause: this.#signal.reason });

  constructor(signal: AbortSignal, parent: Scope | undefined) {
    super(false, parent);
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
  }

  /** The call has been answered: a signal that lives longer keeps nothing of it. */
  end(): void {
    this.finish();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
