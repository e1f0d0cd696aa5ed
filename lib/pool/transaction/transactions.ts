import { bindingScope, inScope } from '../../core/scope/current.js';
import { Scope } from '../../core/scope/scope.js';
import { throwLater } from '../../core/root-scope.js';
import { sqlstate } from '../../errors/classify.js';
import { pinoErrorSerializer } from '../../errors/pino-error-serializer.js';
import type { Bag } from '../bag.js';
import type { ResolvedPoolOptions } from '../options/index.js';
import { PoolEntry } from '../pool-entry.js';
import { retry } from '../../policy/retry.js';
import type { Runner } from '../runner.js';
import { wasRefused } from '../retrier.js';
import { scopeOf } from '../runner.js';
import type { View } from '../view.js';
import { attempt } from './attempt.js';
import type { AttemptOptions, Callback, Committed } from './attempt.js';
import { beginText, transactionProblem } from './options.js';
import type { TransactionOptions } from './options.js';
import { replayOf } from './undone.js';
import type { Verifier } from './verifier.js';
import { Work } from './work.js';

/** Runs transactions, and replays those that failed for a reason that passes. */
export class Transactions {
  readonly #runner: Runner;
  readonly #bag: Bag;
  readonly #options: ResolvedPoolOptions;
  readonly #verifier: Verifier;
  readonly #release = (work: Work, error?: Error): void => {
    work.isReleased = true;
    this.#bag.release(work.entry, error);
  };

  constructor(runner: Runner, bag: Bag, options: ResolvedPoolOptions, verifier: Verifier) {
    this.#runner = runner;
    this.#bag = bag;
    this.#options = options;
    this.#verifier = verifier;
  }

  // Not async, as each promise between a transaction and its caller costs him, in a request even more.
  run<T>(view: View | undefined, fn: Callback<T>, options: TransactionOptions): Promise<T> {
    const problem = transactionProblem(fn, options);
    if (problem !== undefined) return Promise.reject(problem);
    const { timeoutMs } = options;
    if (timeoutMs === undefined && view?.signal === undefined) return this.#run(view, fn, options);
    return this.#runInScope(timeoutMs, view, fn, options);
  }

  async #runInScope<T>(
    timeoutMs: number | undefined,
    view: View | undefined,
    fn: Callback<T>,
    options: TransactionOptions,
  ): Promise<T> {
    const scope = new Scope(timeoutMs ?? false, scopeOf(view));
    try {
      return await inScope(scope, () => this.#run(view, fn, options));
    } finally {
      scope.finish();
    }
  }

  async #run<T>(view: View | undefined, fn: Callback<T>, options: TransactionOptions): Promise<T> {
    const { acquireTimeoutMs, verifyCommit } = this.#options;
    const scope = bindingScope(view?.scope);
    const attemptOptions = {
      begin: beginText(options),
      isReadOnly: options.readOnly === true,
      verifier: (options.verifyCommit ?? verifyCommit) ? this.#verifier : undefined,
      resolveMs: acquireTimeoutMs,
      scope,
      release: this.#release,
    };
    this.#runner.retrier.budget.onCall();
    let work: Work | undefined;
    let committed: Committed<T>;
    try {
      const entry = this.#runner.acquire(view);
      work = new Work(entry instanceof PoolEntry ? entry : await entry, view);
      committed = await attempt(work, fn, attemptOptions);
    } catch (error) {
      committed = await this.#replay(error, work, view, fn, options, attemptOptions);
    }
    for (const hook of committed.hooks) this.#call(hook);
    return committed.result;
  }

  /** @param work undefined where there was no connection for it */
  #replay<T>(
    error: unknown,
    work: Work | undefined,
    view: View | undefined,
    fn: Callback<T>,
    { readOnly, retries }: TransactionOptions,
    attemptOptions: AttemptOptions,
  ): Promise<Committed<T>> {
    const { retrier } = this.#runner;
    // It writes although it is read-only, and would do so again.
    const isMistaken = (failure: unknown) => readOnly === true && sqlstate(failure) === '25006';
    const judge = (failure: unknown) =>
      (work === undefined || work.isOwn(failure)) && !isMistaken(failure)
        ? replayOf(failure, work?.firstError)
        : 'never';
    const again = async () => {
      work = undefined;
      work = new Work(await this.#runner.acquire(view), view);
      return await attempt(work, fn, attemptOptions);
    };
    return retry(error, () => retrier.again(again), {
      retries: retries ?? retrier.options.retries,
      mayRepeat: (failure) => judge(failure) !== 'never',
      wasRefused,
      pause: (number, failure) => retrier.pause(number, attemptOptions.scope, undefined, judge(failure) === 'free'),
    });
  }

  /** The transaction is committed, whatever this does. */
  #call(hook: () => unknown): void {
    const { logger, name } = this.#options;
    const onError = (error: unknown) => {
      try {
        logger.error(
          { pool: name, err: pinoErrorSerializer(error) },
          'A function given to afterCommit failed; the transaction is committed',
        );
      } catch (thrown) {
        throwLater(thrown);
      }
    };
    try {
      const returned = hook();
      if (isThenable(returned)) returned.then(undefined, onError);
    } catch (error) {
      onError(error);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}
