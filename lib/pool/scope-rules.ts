import type { Cancellation, Scope } from '../core/scope/scope.js';
import { isRead } from '../core/sql/is-read.js';
import type { DbResilienceError } from '../errors/errors.js';
import { wouldBe } from './mode.js';
import type { Mode } from './mode.js';
import { stopError } from './stop.js';
import type { Stop } from './stop.js';

/** What is cancelled when the HTTP client of a request leaves. */
export type CancelOnDisconnect = 'reads' | 'all' | false;

/**
 * How long a statement that ran into the deadline may still say what became of it. The answer to the request has to be
 * made after that, and is due 100 ms after the deadline at the latest.
 */
export const CONFIRM_AT_DEADLINE_MS = 50;

/** The deadline of work in a scope. @param isSpared that of the request has passed, and was only observed */
export function deadlineOf(scope: Scope, isSpared: boolean): number {
  return isSpared ? scope.earliestByHand : scope.earliestDeadline;
}

/** The deadline of its request has passed before it begins, which has been counted, and was only observed. */
export function beginsLate(scope: Scope, now: number, mode: Mode): boolean {
  return mode.observes && scope.earliestDeadline <= now && scope.expired(now)?.ofRequest === true;
}

/** What a pool says to that. */
export interface Rules {
  readonly cancelOnDisconnect: CancelOnDisconnect;
  readonly mode: Mode;
}

/**
 * Why a statement may not begin in its scope; undefined where it may. `text` is undefined for the checkout of a client,
 * of which nobody knows yet whether it will write.
 */
export function refusal(
  scope: Scope,
  now: number,
  { cancelOnDisconnect, mode }: Rules,
  text: string | undefined,
  inTransaction = false,
): DbResilienceError | undefined {
  if (scope.earliestDeadline <= now) {
    const expired = scope.expired(now);
    if (expired !== undefined) {
      const refused = refusedFor({ kind: 'deadline', scope: expired }, mode);
      if (refused !== undefined) return refused;
      const byHand = scope.expired(now, true);
      if (byHand !== undefined) return refusedFor({ kind: 'deadline', scope: byHand }, mode);
    }
  }
  const { cancelled } = scope;
  if (cancelled === undefined || !isUnwanted(cancelled, cancelOnDisconnect, text, inTransaction)) return undefined;
  return refusedFor({ kind: 'cancelled', reason: cancelled }, mode);
}

function refusedFor(stop: Stop, mode: Mode): DbResilienceError | undefined {
  const what = wouldBe(stop, 'query-timeout', true);
  if (what !== undefined && !mode.applies(what)) return undefined;
  return stopError(stop, { outcome: 'not-executed' });
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
