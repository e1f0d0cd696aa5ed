import { bindingScope, inScope } from '../../core/scope/current.js';
import { Scope } from '../../core/scope/scope.js';
import { throwLater } from '../../core/root-scope.js';
import { sqlstate } from '../../errors/classify.js';
import { pinoErrorSerializer } from '../../errors/pino-error-serializer.js';
import type { Bag } from '../bag.js';
import type { ResolvedPoolOptions } from '../options/index.js';
import type { PoolEntry } from '../pool-entry.js';
import { retry } from '../../policy/retry.js';
import type { Runner } from '../runner.js';
import { scopeOf } from '../runner.js';
import type { View } from '../view.js';
import { attempt } from './attempt.js';
import type { Callback } from './attempt.js';
import { beginText, checkTransaction } from './options.js';
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

  constructor(runner: Runner, bag: Bag, options: ResolvedPoolOptions, verifier: Verifier) {
    this.#runner = runner;
    this.#bag = bag;
    this.#options = options;
    this.#verifier = verifier;
  }

  async run<T>(view: View | undefined, fn: Callback<T>, options: TransactionOptions): Promise<T> {
    checkTransaction(fn, options);
    const { timeoutMs } = options;
    if (timeoutMs === undefined && view?.signal === undefined) return await this.#run(view, fn, options);
    const scope = new Scope(timeoutMs ?? false, scopeOf(view));
    try {
      return await inScope(scope, () => this.#run(view, fn, options));
    } finally {
      scope.finish();
    }
  }

  async #run<T>(view: View | undefined, fn: Callback<T>, options: TransactionOptions): Promise<T> {
    const { retrier } = this.#runner;
    const { acquireTimeoutMs, verifyCommit } = this.#options;
    const scope = bindingScope(view?.scope);
    const attemptOptions = {
      begin: beginText(options),
      isReadOnly: options.readOnly === true,
      verifier: (options.verifyCommit ?? verifyCommit) ? this.#verifier : undefined,
      resolveMs: acquireTimeoutMs,
      scope,
      release: (work: Work, error?: Error) => {
        work.isReleased = true;
        this.#bag.release(work.entry, error);
      },
    };
    // It writes although it is read-only, and would do so again.
    const isMistaken = (failure: unknown) => options.readOnly === true && sqlstate(failure) === '25006';
    let work: Work | undefined;
    const once = async () => {
      work = undefined;
      work = new Work(await this.#acquire(view));
      return await attempt(work, fn, attemptOptions);
    };
    retrier.budget.onCall();
    let committed;
    try {
      committed = await once();
    } catch (error) {
      const judge = (failure: unknown) =>
        (work === undefined || work.isOwn(failure)) && !isMistaken(failure)
          ? replayOf(failure, work?.firstError)
          : 'never';
      committed = await retry(error, once, {
        retries: options.retries ?? retrier.options.retries,
        mayRepeat: (failure) => judge(failure) !== 'never',
        pause: (number, failure) => retrier.pause(number, scope, undefined, judge(failure) === 'free'),
      });
    }
    for (const hook of committed.hooks) this.#call(hook);
    return committed.result;
  }

  #acquire(view: View | undefined): Promise<PoolEntry> {
    return new Promise((resolve, reject) => {
      this.#runner.connect(view, (error, entry) => {
        if (error !== undefined) {
          reject(error);
        } else {
          entry.view = view;
          resolve(entry);
        }
      });
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
