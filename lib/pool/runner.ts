import { callerContext } from '../core/root-scope.js';
import { bindingScope } from '../core/scope/current.js';
import type { Scope } from '../core/scope/scope.js';
import { SignalScope } from '../core/scope/signal-scope.js';
import { ShuttingDownError } from '../errors/errors.js';
import type { Bag } from './bag.js';
import { refusal } from './scope-rules.js';
import { textOf } from './statement.js';
import type { QueryCallback } from './statement.js';
import { isSubmittable, Submission } from './submission.js';
import type { View } from './view.js';
import type { AcquireCallback, Borrowing } from './waiters.js';

/** What becomes of a call of `query` or `connect`. Its scope is read when the call is made, whoever serves it in the end. */
export class Runner {
  readonly #bag: Bag;
  readonly #name: string;
  readonly #seesAcquire: () => boolean;

  /** @param seesAcquire whether somebody listens to 'acquire', and so would see whose context he is called in */
  constructor(bag: Bag, name: string, seesAcquire: () => boolean) {
    this.#bag = bag;
    this.#name = name;
    this.#seesAcquire = seesAcquire;
  }

  query(view: View | undefined, config: unknown, values: unknown, done: QueryCallback): void {
    if (config == null) {
      process.nextTick(done, new TypeError('pool.query takes a text, a config object or a Submittable first'));
      return;
    }
    const scope = scopeOf(view);
    this.#acquire('statement', scope, config, (error, entry) => {
      if (error !== undefined) {
        done(error);
      } else if (isSubmittable(config)) {
        config.callback ??= done;
        entry.start(new Submission(entry, config, scope));
      } else {
        entry.run(config, values, done, scope, view);
      }
    });
  }

  connect(view: View | undefined, callback: AcquireCallback): void {
    this.#acquire('borrower', scopeOf(view), undefined, callback);
  }

  /** @param config what is to be run; undefined where a client is checked out */
  #acquire(holder: Borrowing, scope: Scope | undefined, config: unknown, callback: AcquireCallback): void {
    const bag = this.#bag;
    if (bag.closing) {
      const error = new ShuttingDownError(`Cannot use a pool after calling end on the pool (pool "${this.#name}")`);
      process.nextTick(callback, error, undefined);
      return;
    }
    if (scope !== undefined) {
      const text = holder === 'borrower' ? undefined : textOf(config);
      const refused = refusal(scope, bag.deadlines.now(), bag.cancelOnDisconnect, text);
      if (refused !== undefined) {
        process.nextTick(callback, refused, undefined);
        return;
      }
    }
    const entry = bag.take(holder);
    if (entry !== undefined) callback(undefined, entry);
    else bag.wait(holder, callback, scope, this.#seesAcquire() ? callerContext() : undefined);
  }
}

function scopeOf(view: View | undefined): Scope | undefined {
  const scope = bindingScope(view?.scope);
  return view?.signal === undefined ? scope : new SignalScope(view.signal, scope);
}
