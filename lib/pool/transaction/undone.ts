import { classify, sqlstate } from '../../errors/classify.js';
import {
  CancelledError,
  ConnectionLostError,
  DbResilienceError,
  DeadlineExceededError,
  QueryTimeoutError,
  TransactionRolledBackError,
} from '../../errors/errors.js';

/**
 * The same error with the outcome that it has within a transaction: a statement of which nothing is known is undone with
 * the rest of it, since COMMIT was not sent and will not be.
 */
export function undone(error: Error): Error {
  if (!DbResilienceError.is(error) || error.outcome !== 'unknown') return error;
  const details = { outcome: 'rolled-back', ...('cause' in error ? { cause: error.cause } : {}) } as const;
  if (error instanceof ConnectionLostError) return lostWithin(error.cause);
  if (error instanceof QueryTimeoutError) return new QueryTimeoutError(error.timeoutMs, details);
  if (error instanceof DeadlineExceededError) return new DeadlineExceededError(error.deadlineMs, details);
  if (error instanceof CancelledError)
    return new CancelledError(`${error.message}; its transaction was undone`, details);
  return error;
}

/** The connection is gone, and what was done on it with it. */
export function lostWithin(cause: unknown): ConnectionLostError {
  return new ConnectionLostError('The connection was lost before the transaction was committed; it was undone', {
    outcome: 'rolled-back',
    retryable: true,
    cause,
  });
}

/** Why a transaction may be replayed: for free where others were in its way, else within the budget; or may not. */
export type Replay = 'free' | 'budgeted' | 'never';

/**
 * @param error what the transaction ended with; it was not committed
 * @param first what aborted it on the server: all that follows says 25P02
 */
export function replayOf(error: unknown, first: unknown): Replay {
  const isSymptom = sqlstate(error) === '25P02' || error instanceof TransactionRolledBackError;
  const reason = isSymptom && first !== undefined ? first : error;
  const { retry, kind } = classify(reason, 'transaction');
  // It has waited for as long as its caller wanted to wait.
  if (kind === 'timeout') return 'never';
  // `statement`: no connection could be opened.
  if (retry === 'transaction' || retry === 'statement') return isContention.has(kind) ? 'free' : 'budgeted';
  // What may have been done elsewhere is undone in a transaction that was not committed.
  return retry === 'idempotent' ? 'budgeted' : 'never';
}

const isContention = new Set(['serialization', 'deadlock', 'stale-plan']);
