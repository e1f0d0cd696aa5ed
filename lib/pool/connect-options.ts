import { boolean, findProblem } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';

/** Options of `connect()`. */
export interface ConnectOptions {
  /**
   * The client is kept for long, as one that waits for notifications: the deadline of the request in which it is checked
   * out does not bind what is done with it. One that LISTENs is taken for such by itself. Default: false.
   */
  longLived?: boolean | undefined;
}

const connectRules: Rules<ConnectOptions> = { longLived: boolean };

/** @throws ConfigurationError for an option that is unknown or impossible */
export function isLongLived(options: ConnectOptions | undefined): boolean {
  if (options === undefined) return false;
  const problem = findProblem(connectRules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, `connect: ${problem.message}`);
  return options.longLived ?? false;
}
