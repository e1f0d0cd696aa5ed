import { boolean, findProblem, integer, oneOf } from '../../core/options.js';
import type { Rules } from '../../core/options.js';
import { ConfigurationError } from '../../errors/errors.js';
import { retryCount } from '../options/retry.js';
import { longestMs } from '../options/rules.js';

/** Options of `transaction()`. */
export interface TransactionOptions {
  /** Default: the server's (`default_transaction_isolation`), which is `read committed` unless it was changed. */
  isolation?: 'read committed' | 'repeatable read' | 'serializable' | undefined;
  /** The server refuses to write (25006). Nothing has to be verified at COMMIT then. Default: false. */
  readOnly?: boolean | undefined;
  /** With `serializable` and `readOnly`: waits for a moment from which it can neither fail nor be waited for. Default: false. */
  deferrable?: boolean | undefined;
  /**
   * Milliseconds for the whole: the wait for a connection, replays and COMMIT included. Whatever the callback asks of a
   * database is bound by it. 1 to 2147483647. Default: none but the deadline of the request.
   */
  timeoutMs?: number | undefined;
  /** How often it may be replayed. 0 to 100. Default: `retry.retries` of the pool. */
  retries?: number | undefined;
  /** In place of the pool's option of that name. */
  verifyCommit?: boolean | undefined;
}

const rules: Rules<TransactionOptions> = {
  isolation: oneOf('read committed', 'repeatable read', 'serializable'),
  readOnly: boolean,
  deferrable: boolean,
  timeoutMs: integer(1, longestMs, 'milliseconds'),
  retries: retryCount,
  verifyCommit: boolean,
};

/** Why it cannot be run; undefined where it can. */
export function transactionProblem(fn: unknown, options: TransactionOptions): ConfigurationError | undefined {
  if (typeof fn !== 'function') {
    const received = fn === null ? 'null' : typeof fn;
    return new ConfigurationError('fn', `transaction: received ${received}; expected a function (tx) => promise first`);
  }
  const problem = findProblem(rules, options);
  return problem && new ConfigurationError(problem.option, `transaction: ${problem.message}`);
}

export function beginText({ isolation, readOnly, deferrable }: TransactionOptions): string {
  const modes = [];
  if (isolation !== undefined) modes.push(`ISOLATION LEVEL ${isolation.toUpperCase()}`);
  if (readOnly !== undefined) modes.push(readOnly ? 'READ ONLY' : 'READ WRITE');
  if (deferrable !== undefined) modes.push(deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE');
  return modes.length === 0 ? 'BEGIN' : `BEGIN ${modes.join(', ')}`;
}
