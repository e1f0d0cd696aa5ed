import type { Bound, Scope } from '../core/scope/scope.js';
import { fullJitter } from './backoff.js';

/** The ceiling of the first pause, and of every pause. */
export interface Backoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Waits before a retry. False where the deadline would come first, so that nobody waits for nothing, and where the
 * caller leaves meanwhile.
 *
 * @param retry 1 for the first
 */
export function pause(retry: number, { minDelayMs, maxDelayMs }: Backoff, scope: Scope | undefined): Promise<boolean> {
  const ms = fullJitter(retry, minDelayMs, maxDelayMs);
  if (scope === undefined) return new Promise((resolve) => setTimeout(resolve, ms, true));
  if (scope.cancelled !== undefined || performance.now() + ms >= scope.earliestDeadline) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isOver: boolean) => {
      clearTimeout(timer);
      scope.unbind(bound);
      resolve(isOver);
    };
    const bound: Bound = { onCancelled: () => end(false), onDeadlineMoved: () => undefined };
    const timer = setTimeout(end, ms, true);
    scope.bind(bound);
  });
}
