/**
 * A pause between 0 and an exponentially growing ceiling, so that clients that failed together do not come back
 * together ("full jitter", Marc Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
 *
 * @param attempt 1 for the pause after the first failure
 */
export function fullJitter(attempt: number, minMs: number, maxMs: number): number {
  return Math.random() * Math.min(maxMs, minMs * 2 ** (attempt - 1));
}
