import pTimeout from 'p-timeout';
import { ConfigurationError, QueryTimeoutError } from '../errors/errors.js';

/** The longest delay that Node's timers take; a longer one would fire at once. */
export const MOST_MS = 2 ** 31 - 1;

export type Work<T> = PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>);

/**
 * Waits for `work` for at most `timeoutMs`. A function is given a signal that is aborted when the time is over;
 * a bare promise cannot be stopped, only no longer waited for. What either does later is never an unhandled rejection.
 *
 * @throws QueryTimeoutError with `outcome: 'unknown'` when the time is over
 * @throws ConfigurationError where `timeoutMs` is not a number of milliseconds from 1 to 2,147,483,647
 */
export async function timeout<T>(work: Work<T>, timeoutMs: number): Promise<T> {
  assertTimeout(timeoutMs);
  const controller = new AbortController();
  const promise = Promise.resolve(typeof work === 'function' ? work(controller.signal) : work);
  return pTimeout(promise, {
    milliseconds: timeoutMs,
    fallback: () => {
      const error = new QueryTimeoutError(timeoutMs, { outcome: 'unknown' });
      controller.abort(error);
      throw error;
    },
  });
}

export function assertTimeout(timeoutMs: unknown, name = 'timeoutMs'): asserts timeoutMs is number {
  if (typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= MOST_MS) return;
  throw new ConfigurationError(
    name,
    `${name}: received ${typeof timeoutMs === 'number' ? String(timeoutMs) : typeof timeoutMs}; ` +
      `accepted is a number of milliseconds from 1 to ${String(MOST_MS)}`,
  );
}
