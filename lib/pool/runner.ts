import { boundToCaller, callerContext } from '../core/root-scope.js';
import { bindingScope } from '../core/scope/current.js';
import type { Scope } from '../core/scope/scope.js';
import { SignalScope } from '../core/scope/signal-scope.js';
import { ShuttingDownError } from '../errors/errors.js';
import type { Bag } from './bag.js';
import { Checkout } from './checkout.js';
import type { PoolEntry } from './pool-entry.js';
import { rethrowFromCaller } from './query-forms.js';
import { mayBeRepeated } from './retrier.js';
import type { Declared, Retrier } from './retrier.js';
import { refusal } from './scope-rules.js';
import type { StackBudget } from './stack-budget.js';
import { textOf } from './statement.js';
import type { QueryCallback } from './statement.js';
import { isSubmittable, Submission } from './submission.js';
import type { View } from './view.js';
import type { AcquireCallback, Borrowing } from './waiters.js';

/** What becomes of a call of `query` or `connect`. Its scope is read when the call is made, whoever serves it in the end. */
export class Runner {
  readonly retrier: Retrier;
  readonly #bag: Bag;
  readonly #name: string;
  readonly #stacks: StackBudget;
  readonly #seesAcquire: () => boolean;

  /** @param seesAcquire whether somebody listens to 'acquire', and so would see whose context he is called in */
  constructor(bag: Bag, name: string, retrier: Retrier, stacks: StackBudget, seesAcquire: () => boolean) {
    this.#bag = bag;
    this.#name = name;
    this.retrier = retrier;
    this.#stacks = stacks;
    this.#seesAcquire = seesAcquire;
  }

  query(view: View | undefined, config: unknown, values: unknown, declared?: Declared): Promise<unknown> {
    const scope = scopeOf(view);
    this.retrier.budget.onCall();
    if (scope !== undefined) this.#bag.hooks.onAsked(textOf(config), scope);
    // In its caller's context, whichever connection the error came from.
    return this.#once(view, scope, config, values).catch((error: unknown) =>
      this.#mayRecover(error, config, declared ?? view ?? {}, declared !== undefined)
        ? this.#again(error, view, scope, config, values, declared ?? view ?? {})
        : rethrowFromCaller(this.#bag.mode.told(error)),
    );
  }

  queryWithCallback(view: View | undefined, config: unknown, values: unknown, callback: QueryCallback): void {
    const scope = scopeOf(view);
    const bound = boundToCaller(callback);
    this.retrier.budget.onCall();
    if (scope !== undefined) this.#bag.hooks.onAsked(textOf(config), scope);
    const recover = boundToCaller((error: unknown) => {
      this.#again(error, view, scope, config, values, view ?? {}).then(
        (result) => bound(null, result),
        (last: unknown) => bound(last as Error),
      );
    });
    this.#start(view, scope, config, values, (error, result) => {
      if (error == null) bound(null, result);
      else if (this.#mayRecover(error, config, view ?? {}, false)) recover(error);
      else bound(this.#bag.mode.told(error));
    });
  }

  connect(view: View | undefined, callback: AcquireCallback): void {
    const scope = scopeOf(view);
    const { deadlines, hooks } = this.#bag;
    if (hooks.isEmpty) {
      this.#acquire('borrower', scope, undefined, callback);
      return;
    }
    const checkout = new Checkout(scope, this.#stacks.take(deadlines.now()));
    this.#acquire('borrower', scope, undefined, (...[error, entry]) => {
      if (entry === undefined) {
        callback(error, entry);
        return;
      }
      checkout.since = entry.lentAt;
      entry.checkout = checkout;
      hooks.onLent(checkout);
      callback(undefined, entry);
    });
  }

  /** As `connect`; without a promise where a connection is there at once. */
  acquire(view: View | undefined): PoolEntry | Promise<PoolEntry> {
    let idle: PoolEntry | undefined;
    let settle: AcquireCallback = (_error, entry) => (idle = entry);
    this.connect(view, (...answer) => settle(...answer));
    return (
      idle ??
      new Promise((resolve, reject) => {
        settle = (error, entry) => (error === undefined ? resolve(entry) : reject(error));
      })
    );
  }

  #once(view: View | undefined, scope: Scope | undefined, config: unknown, values: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#start(view, scope, config, values, (error, result) => (error == null ? resolve(result) : reject(error)));
    });
  }

  async #again(
    error: unknown,
    view: View | undefined,
    scope: Scope | undefined,
    config: unknown,
    values: unknown,
    declared: Declared,
  ): Promise<unknown> {
    try {
      const attempt = () => this.#once(view, scope, config, values);
      return await this.retrier.recover(error, textOf(config), declared, scope, attempt);
    } catch (last) {
      return rethrowFromCaller(this.#bag.mode.told(last));
    }
  }

  /** @param isByHand its caller has asked for retries */
  #mayRecover(error: unknown, config: unknown, declared: Declared, isByHand: boolean): boolean {
    const { retries, selects } = this.retrier.options;
    if ((declared.retries ?? retries) === 0 || config == null || isSubmittable(config)) return false;
    if (!mayBeRepeated(error, textOf(config), declared, selects)) return false;
    return isByHand || this.#bag.mode.applies('retry');
  }

  #start(
    view: View | undefined,
    scope: Scope | undefined,
    config: unknown,
    values: unknown,
    done: QueryCallback,
  ): void {
    if (config == null) {
      process.nextTick(done, new TypeError('pool.query takes a text, a config object or a Submittable first'));
      return;
    }
    this.#acquire('statement', scope, config, (error, entry) => {
      if (error !== undefined) {
        done(error);
        return;
      }
      const { slow } = this.#bag;
      const barred = slow.size > 0 ? slow.admitStill(textOf(config)) : undefined;
      if (barred !== undefined) {
        // Not in this turn: the next one who waits may be refused as well, and each would do so within the one before.
        setImmediate(() => {
          this.#bag.release(entry);
          done(barred);
        });
      } else if (isSubmittable(config)) {
        config.callback ??= done;
        entry.start(new Submission(entry, config, scope));
      } else {
        entry.run(config, values, done, scope, view);
      }
    });
  }

  #slow(config: unknown): Error | undefined {
    const { slow } = this.#bag;
    return slow.size > 0 && config !== undefined ? slow.admit(textOf(config)) : undefined;
  }

  /** @param config what is to be run; undefined where a client is checked out */
  #acquire(holder: Borrowing, scope: Scope | undefined, config: unknown, callback: AcquireCallback): void {
    const bag = this.#bag;
    if (bag.closing) {
      bag.hooks.onAcquireFailed('closed', 0);
      const error = new ShuttingDownError(`Cannot use a pool after calling end on the pool (pool "${this.#name}")`);
      process.nextTick(callback, error, undefined);
      return;
    }
    if (scope !== undefined) {
      const text = holder === 'borrower' ? undefined : textOf(config);
      const refused = refusal(scope, bag.deadlines.now(), bag, text);
      if (refused !== undefined) {
        bag.hooks.onAcquireFailed(refused.code === 'DB_CANCELLED' ? 'cancelled' : 'deadline', 0);
        process.nextTick(callback, refused, undefined);
        return;
      }
    }
    const barred = bag.circuit.barred ? bag.circuit.admit() : this.#slow(config);
    if (barred !== undefined) {
      bag.hooks.onAcquireFailed('circuit-open', 0);
      if (bag.circuit.turn.isOver()) setImmediate(callback, barred, undefined);
      else process.nextTick(callback, barred, undefined);
      return;
    }
    const entry = bag.take(holder);
    if (entry !== undefined) callback(undefined, entry);
    else bag.wait(holder, callback, scope, this.#seesAcquire() ? callerContext() : undefined);
  }
}

export function scopeOf(view: View | undefined): Scope | undefined {
  const scope = bindingScope(view?.scope);
  return view?.signal === undefined ? scope : new SignalScope(view.signal, scope);
}
