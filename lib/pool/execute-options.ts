import { boolean, findProblem } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import { retryCount } from './options/retry.js';

/** Options of `executeWithRetry()`. */
export interface ExecuteOptions {
  /** How often the statement may be sent again at most. 0 to 100. Default: the pool's `retry.retries`. */
  retries?: number | undefined;
  /** It only reads, and may be repeated even where it may have run. Default: false. */
  readOnly?: boolean | undefined;
  /** Done twice, it leaves the same as done once, so it may be repeated even where it may have run. Default: false. */
  idempotent?: boolean | undefined;
}

const rules: Rules<ExecuteOptions> = { retries: retryCount, readOnly: boolean, idempotent: boolean };

/** @throws ConfigurationError for an option that is unknown or impossible */
export function checkExecuteOptions(options: ExecuteOptions): void {
  const problem = findProblem(rules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, `executeWithRetry: ${problem.message}`);
}
