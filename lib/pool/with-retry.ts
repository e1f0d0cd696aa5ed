import type pg from 'pg';
import { boolean, findProblem } from '../core/options.js';
import { bindingScope } from '../core/scope/current.js';
import { ConfigurationError } from '../errors/errors.js';
import { resolveRetry } from './options/retry.js';
import type { RetryOptions } from './options/retry.js';
import { ResilientPool } from './resilient-pool.js';
import { mayBeRepeated, Retrier } from './retrier.js';
import type { Declared } from './retrier.js';
import { textOf } from './statement.js';
import { isSubmittable } from './submission.js';
import type { Queryable, TimedPg, TimedQueryable } from './with-timeout.js';

/** Options of `withRetry`: those of `retry`, and what is true of every statement that is run through it. */
export interface WithRetryOptions extends RetryOptions {
  /** It only reads, and may be repeated even where it may have run. Default: false. */
  readOnly?: boolean | undefined;
  /** Done twice, it leaves the same as done once, so it may be repeated even where it may have run. Default: false. */
  idempotent?: boolean | undefined;
}

/**
 * Repeats statements of anything with a `query` method (a pool, a wrapper around one) that failed for a reason that
 * passes: those that did not run or were undone, and, where they are declared `readOnly` or `idempotent`, those of which
 * this is not known. After a pause with full jitter, within the deadline of the request and a budget of the wrapper's own;
 * not for a read whose HTTP client has left.
 *
 * Not for a client: within a transaction one statement must not be repeated; that is what `pool.transaction` is for.
 *
 * @throws ConfigurationError for an option that is unknown or impossible, or something without `query`
 */
export function withRetry(pool: Pick<pg.Pool, 'query' | 'connect'>, options?: WithRetryOptions): TimedPg;
export function withRetry<Q extends Queryable>(queryable: Q, options?: WithRetryOptions): TimedQueryable<Q>;
export function withRetry(queryable: Queryable, options: WithRetryOptions = {}): unknown {
  if (typeof (queryable as Partial<Queryable> | null)?.query !== 'function') {
    const received = queryable === null ? 'null' : typeof queryable;
    throw new ConfigurationError(
      'queryable',
      `withRetry: received ${received}; expected something with a query method`,
    );
  }
  const { readOnly, idempotent, ...settings } = options;
  const problem = findProblem({ readOnly: boolean, idempotent: boolean }, { readOnly, idempotent });
  if (problem !== undefined) throw new ConfigurationError(problem.option, `withRetry: ${problem.message}`);
  const retrier = new Retrier(resolveRetry(settings), 'reads');
  const declared = { readOnly, idempotent };
  return { query: (config: unknown, values?: unknown[]) => runRetried(retrier, queryable, config, values, declared) };
}

async function runRetried(
  retrier: Retrier,
  queryable: Queryable,
  config: unknown,
  values: unknown[] | undefined,
  declared: Declared,
): Promise<unknown> {
  const scope = bindingScope();
  const { retries, selects } = retrier.options;
  const once = async () => submit(queryable, config, values);
  retrier.budget.onCall();
  try {
    return await once();
  } catch (error) {
    const text = textOf(config);
    if (retries === 0 || isSubmittable(config) || !mayBeRepeated(error, text, declared, selects)) throw error;
    return retrier.recover(error, text, declared, scope, once);
  }
}

function submit(queryable: Queryable, config: unknown, values: unknown[] | undefined): unknown {
  // One that repeats by itself is not to do so within our repetitions.
  if (queryable instanceof ResilientPool) {
    return queryable.executeWithRetry(config as string, values, { retries: 0 });
  }
  return queryable.query(config as string, values);
}
