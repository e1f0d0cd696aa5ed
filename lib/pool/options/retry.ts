import { boolean, either, explained, findProblem, integer, number, oneOf, record } from '../../core/options.js';
import type { Rule, Rules } from '../../core/options.js';
import { ConfigurationError } from '../../errors/errors.js';

/** Options of `retry`. */
export interface RetryOptions {
  /** How often a statement that failed is sent again at most. 0 to 100. Default: 3. */
  retries?: number | undefined;
  /**
   * Milliseconds: the ceiling of the first pause. It doubles with each retry, and the pause is random below it ("full
   * jitter"). 0 to 60000. Default: 50.
   */
  minDelayMs?: number | undefined;
  /** Milliseconds: the ceiling of every pause. `minDelayMs` to 60000. Default: 1000. */
  maxDelayMs?: number | undefined;
  /**
   * Whether what reads by its words alone is sent again even where it may have run. A function that is called by SELECT
   * may write, so this is for databases without such functions. Default: false.
   */
  selects?: boolean | undefined;
  /** Retries at most, in percent of the calls of the last 10 s. 0 to 1000. Default: 20. */
  budgetPercent?: number | undefined;
  /** Retries a second that are granted however few the calls. 0 to 10000. Default: 3. */
  budgetPerSecond?: number | undefined;
}

export interface ResolvedRetryOptions {
  readonly retries: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly selects: boolean;
  readonly budgetPercent: number;
  readonly budgetPerSecond: number;
}

export const retryCount = integer(0, 100);

const retryRules: Rules<RetryOptions> = {
  retries: retryCount,
  minDelayMs: integer(0, 60_000, 'milliseconds'),
  maxDelayMs: integer(0, 60_000, 'milliseconds'),
  selects: boolean,
  budgetPercent: number(0, 1000),
  budgetPerSecond: number(0, 10_000),
};

export const retryRule: Rule = either(
  explained(oneOf(false), 'false for no retries'),
  explained(record, 'an object of its own options'),
);

/** @throws ConfigurationError for an option that is unknown or impossible */
export function resolveRetry(given: RetryOptions | false = {}): ResolvedRetryOptions {
  if (given !== false) check(given);
  const own: RetryOptions = given === false ? { retries: 0 } : given;
  const { retries = 3, minDelayMs = 50, maxDelayMs = Math.max(1000, minDelayMs) } = own;
  const { selects = false, budgetPercent = 20, budgetPerSecond = 3 } = own;
  return Object.freeze({ retries, minDelayMs, maxDelayMs, selects, budgetPercent, budgetPerSecond });
}

function check(given: RetryOptions): void {
  const problem = findProblem(retryRules, given, '', 'retry');
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  const { minDelayMs = 0, maxDelayMs = minDelayMs } = given;
  if (maxDelayMs < minDelayMs) {
    const message = `retry.maxDelayMs: received ${String(maxDelayMs)}; expected at least minDelayMs, which is ${String(minDelayMs)}`;
    throw new ConfigurationError('retry.maxDelayMs', message);
  }
}
