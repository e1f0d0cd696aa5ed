import type { Scope } from '../core/scope/scope.js';
import { mayCommitPartly } from '../core/sql/commits.js';
import { isRead } from '../core/sql/is-read.js';
import { classify } from '../errors/classify.js';
import { CircuitOpenError } from '../errors/errors.js';
import { pause } from '../policy/pause.js';
import { retry } from '../policy/retry.js';
import { RetryBudget } from '../policy/retry-budget.js';
import type { ResolvedRetryOptions } from './options/retry.js';
import { isUnwanted } from './scope-rules.js';
import type { CancelOnDisconnect } from './scope-rules.js';

/** What a caller says of his statement. */
export interface Declared {
  /** It only reads. */
  readonly readOnly?: boolean | undefined;
  /** Done twice it leaves the same as done once. */
  readonly idempotent?: boolean | undefined;
  /** How often it may be sent again, in place of the pool's `retry.retries`. */
  readonly retries?: number | undefined;
}

/** Sends statements again, where that can do nothing twice, within the deadline and the budget. */
export class Retrier {
  readonly options: ResolvedRetryOptions;
  readonly budget: RetryBudget;
  readonly #cancelOnDisconnect: CancelOnDisconnect;
  readonly #onRetried: (hasSucceeded: boolean) => void;

  constructor(
    options: ResolvedRetryOptions,
    cancelOnDisconnect: CancelOnDisconnect,
    onRetried: (hasSucceeded: boolean) => void = () => undefined,
    now?: () => number,
  ) {
    this.#onRetried = onRetried;
    this.options = options;
    this.#cancelOnDisconnect = cancelOnDisconnect;
    this.budget = new RetryBudget(options.budgetPercent, options.budgetPerSecond, now);
  }

  /**
   * Waits before a retry. False where it is not to be: for want of time or budget, or because nobody wants it any more.
   *
   * @param text undefined for a whole transaction
   * @param isFree it does not count against the budget
   */
  async pause(number: number, scope: Scope | undefined, text: string | undefined, isFree = false): Promise<boolean> {
    const isToBe = await pause(number, this.options, scope, {
      take: () => isFree || this.budget.take(),
      isUnwanted: (reason) => isUnwanted(reason, this.#cancelOnDisconnect, text, false),
    });
    if (isToBe && scope !== undefined) scope.usage.retries += 1;
    return isToBe;
  }

  /** A later attempt, which is counted. */
  async again<T>(attempt: () => Promise<T>): Promise<T> {
    let hasSucceeded = false;
    try {
      const result = await attempt();
      hasSucceeded = true;
      return result;
    } finally {
      this.#onRetried(hasSucceeded);
    }
  }

  /** A first attempt failed. Resolves with what a later one brings; rejects with what is true of all of them. */
  async recover(
    error: unknown,
    text: string,
    declared: Declared,
    scope: Scope | undefined,
    attempt: () => Promise<unknown>,
  ): Promise<unknown> {
    const { options } = this;
    const mayRepeat = (failure: unknown) => mayBeRepeated(failure, text, declared, options.selects);
    let unknown: unknown;
    const note = (failure: unknown) => {
      const { outcome } = classify(failure, 'statement');
      const mayHaveRun = outcome === 'unknown' || (outcome === 'rolled-back' && mayCommitPartly(text));
      if (unknown === undefined && mayHaveRun) unknown = failure;
    };
    note(error);
    try {
      return await retry(error, () => this.again(attempt), {
        retries: declared.retries ?? options.retries,
        mayRepeat,
        wasRefused,
        pause: (number, failure) => {
          note(failure);
          return this.pause(number, scope, text);
        },
      });
    } catch (last) {
      // An attempt that was refused does not undo the one before it that may have run.
      const isLess = unknown !== undefined && classify(last, 'statement').outcome !== 'unknown';
      const onlyReads = declared.readOnly === true || (options.selects && isRead(text));
      throw isLess && !onlyReads ? unknown : last;
    }
  }
}

/** By the circuit. */
export function wasRefused(error: unknown): boolean {
  return error instanceof CircuitOpenError;
}

/** Whether a statement that failed so, outside of a transaction, may be sent again. */
export function mayBeRepeated(error: unknown, text: string, declared: Declared, selects: boolean): boolean {
  const { retry: verdict, outcome } = classify(error, 'statement');
  const isHarmless = declared.idempotent === true || declared.readOnly === true;
  switch (verdict) {
    case 'statement':
      // It has waited for as long as a caller is to wait for a connection.
      if ((error as { code?: unknown }).code === 'DB_ACQUIRE_TIMEOUT') return false;
      return outcome === 'not-executed' || isHarmless || !mayCommitPartly(text);
    case 'idempotent':
      return isHarmless || (selects && isRead(text));
    case 'transaction':
    case 'never':
      return false;
  }
}
