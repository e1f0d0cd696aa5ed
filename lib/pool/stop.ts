import type { Cancellation, Scope } from '../core/scope/scope.js';
import {
  AcquireTimeoutError,
  CancelledError,
  DeadlineExceededError,
  describeCounts,
  QueryTimeoutError,
} from '../errors/errors.js';
import type { DbResilienceError, ErrorDetails, Outcome, PoolCounts } from '../errors/errors.js';

/** Why a statement is ended before it is done. */
export type Stop =
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'deadline'; readonly scope: Scope }
  | { readonly kind: 'cancelled'; readonly reason: Cancellation };

/** What its caller is told. */
export function stopError(stop: Stop, details: ErrorDetails): DbResilienceError {
  switch (stop.kind) {
    case 'timeout':
      return new QueryTimeoutError(stop.timeoutMs, details);
    case 'deadline':
      return new DeadlineExceededError(stop.scope.timeoutMs, details);
    case 'cancelled':
      return new CancelledError(`${who(stop.reason)}. ${became[details.outcome]}`, withCause(stop.reason, details));
  }
}

/** What a caller is told who waited for a connection. `cause` is why the last attempt to open one failed. */
export function waitError(
  stop: Stop,
  pool: string,
  waitedMs: number,
  counts: PoolCounts,
  cause: Error | undefined,
): DbResilienceError {
  const details: ErrorDetails = { outcome: 'not-executed', ...(cause === undefined ? {} : { cause }) };
  switch (stop.kind) {
    case 'timeout':
      return new AcquireTimeoutError(pool, waitedMs, counts, cause);
    case 'deadline': {
      const what = `Pool "${pool}": no connection (${describeCounts(counts)})`;
      return new DeadlineExceededError(stop.scope.timeoutMs, details, what);
    }
    case 'cancelled':
      return stopError(stop, details);
  }
}

function who({ by }: Cancellation): string {
  return by === 'client' ? 'The HTTP client left before it had its answer' : 'The signal of the caller was aborted';
}

const became: Record<Outcome, string> = {
  'not-executed': 'The statement was not sent',
  'rolled-back': 'The statement was cancelled on the server and undone',
  unknown: 'Whether the statement ran is not known',
};

function withCause({ cause }: Cancellation, details: ErrorDetails): ErrorDetails {
  return cause === undefined || details.cause !== undefined ? details : { ...details, cause };
}
