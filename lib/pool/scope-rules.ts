import type { Cancellation, Scope } from '../core/scope/scope.js';
import { isRead } from '../core/sql/is-read.js';
import type { DbResilienceError } from '../errors/errors.js';
import { stopError } from './stop.js';

/** What is cancelled when the HTTP client of a request leaves. */
export type CancelOnDisconnect = 'reads' | 'all' | false;

/**
 * How long a statement that ran into the deadline may still say what became of it. The answer to the request has to be
 * made after that, and is due 100 ms after the deadline at the latest.
 */
export const CONFIRM_AT_DEADLINE_MS = 50;

/**
 * Why a statement may not begin in its scope; undefined where it may. `text` is undefined for the checkout of a client,
 * of which nobody knows yet whether it will write.
 */
export function refusal(
  scope: Scope,
  now: number,
  mode: CancelOnDisconnect,
  text: string | undefined,
  inTransaction = false,
): DbResilienceError | undefined {
  if (scope.earliestDeadline <= now) {
    const expired = scope.expired(now);
    if (expired !== undefined) return stopError({ kind: 'deadline', scope: expired }, { outcome: 'not-executed' });
  }
  const { cancelled } = scope;
  if (cancelled === undefined || !isUnwanted(cancelled, mode, text, inTransaction)) return undefined;
  return stopError({ kind: 'cancelled', reason: cancelled }, { outcome: 'not-executed' });
}

/** Whether a statement is to end when nobody waits for it any more. A write that a client has asked for runs on. */
export function isUnwanted(
  { by }: Cancellation,
  mode: CancelOnDisconnect,
  text: string | undefined,
  inTransaction: boolean,
): boolean {
  if (by === 'signal' || mode === 'all') return true;
  return mode === 'reads' && !inTransaction && text !== undefined && isRead(text);
}
