import type { Scope } from '../core/scope/scope.js';

/** Why a call got no connection. `connect`: none could be opened. `closed`: the pool was. */
export type AcquireFailure = 'timeout' | 'deadline' | 'cancelled' | 'circuit-open' | 'connect' | 'closed';

/** A client that somebody has checked out, with `connect()` or for a transaction. */
export interface Lease {
  /** When, by `performance.now()`. */
  readonly since: number;
  /**
   * Its `stack` is that of whoever asked for it, and is put into words only when it is read; undefined where so many were
   * asked for that not each was captured.
   */
  readonly borrower: { readonly stack?: string };
  /** Of the request for which it was asked for, where it has one. */
  readonly requestId: string | undefined;
  /** It is kept for long on purpose, as one that LISTENs is. */
  readonly isLongLived: boolean;
}

/** A statement that was sent and has been answered. Valid during the call only; its values are not part of it. */
export interface AnsweredStatement {
  /** As its user wrote it, literals and comments included: to be fingerprinted, never to be shown. */
  readonly text: string;
  readonly requestId: string | undefined;
  /** The same that `onAsked` was given; undefined outside of every scope. */
  readonly scope?: Scope | undefined;
  /** Rows returned or changed, as the server has counted them; undefined where it failed or there is no such number. */
  readonly rows: number | undefined;
  /** When, by `performance.now()`. */
  readonly answeredAt: number;
}

/**
 * What a pool tells of its work: counts and durations (milliseconds), synchronously, on the path of every statement. A
 * method that throws costs nobody more than these tidings: all of them are off from then on, and a warning is logged once.
 */
export interface PoolHooks {
  /** A connection was opened. */
  onCreated(ms: number): void;
  /** A call got its connection. */
  onAcquired(waitMs: number): void;
  onAcquireFailed(reason: AcquireFailure, waitMs: number): void;
  /** A client was checked out; its `onReleased` has the same lease. */
  onLent(lease: Lease): void;
  /** A connection came back, or was lost under a statement of `pool.query`. @param lease undefined where it was taken for one statement of `pool.query` */
  onReleased(heldMs: number, lease: Lease | undefined): void;
  /** A statement of a request, or of another work with a deadline, is about to be run; in the call of whoever runs it, so that its stack is his. */
  onAsked(text: string, scope: Scope): void;
  onAnswered(statement: AnsweredStatement, ms: number, error: Error | undefined): void;
  /** A statement or transaction was sent again. */
  onRetried(hasSucceeded: boolean): void;
}

function nothing(): void {}

export const noHooks: PoolHooks = {
  onCreated: nothing,
  onAcquired: nothing,
  onAcquireFailed: nothing,
  onLent: nothing,
  onReleased: nothing,
  onAsked: nothing,
  onAnswered: nothing,
  onRetried: nothing,
};
