import type { Bound, Cancellation, Scope } from '../core/scope/scope.js';
import { fullJitter } from './backoff.js';

/** The ceiling of the first pause, and of every pause. */
export interface Backoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** Whether a retry is to be. */
export interface Permission {
  /** Asked last, and only where there is time for the retry; false where it may not be. */
  readonly take: () => boolean;
  /** Whether nobody wants it any more, now that his caller has left. */
  readonly isUnwanted: (reason: Cancellation) => boolean;
}

/**
 * Waits before a retry. False where it may not be, where the deadline would come first, so that nobody waits for
 * nothing, and where the caller leaves meanwhile.
 *
 * @param retry 1 for the first
 */
export function pause(
  retry: number,
  { minDelayMs, maxDelayMs }: Backoff,
  scope: Scope | undefined,
  { take, isUnwanted }: Permission,
): Promise<boolean> {
  const ms = fullJitter(retry, minDelayMs, maxDelayMs);
  if (scope !== undefined) {
    const { cancelled } = scope;
    if (performance.now() + ms >= scope.earliestDeadline) return Promise.resolve(false);
    if (cancelled !== undefined && isUnwanted(cancelled)) return Promise.resolve(false);
  }
  if (!take()) return Promise.resolve(false);
  if (scope === undefined) return new Promise((resolve) => setTimeout(resolve, ms, true));
  return new Promise((resolve) => {
    const end = (isOver: boolean) => {
      clearTimeout(timer);
      scope.unbind(bound);
      resolve(isOver);
    };
    const bound: Bound = {
      onCancelled: (reason) => {
        if (isUnwanted(reason)) end(false);
      },
      onDeadlineMoved: () => undefined,
    };
    const timer = setTimeout(end, ms, true);
    scope.bind(bound);
  });
}
