/**
 * What is known of the statement or transaction that failed.
 *
 * - `not-executed`: the server never saw it; it may be sent again.
 * - `rolled-back`: the server saw it and undid it, and said so.
 * - `unknown`: it may have run. Only what is read-only or idempotent may be sent again blindly.
 */
export type Outcome = 'not-executed' | 'rolled-back' | 'unknown';

export type ErrorCode =
  | 'DB_CONFIGURATION'
  | 'DB_ACQUIRE_TIMEOUT'
  | 'DB_QUERY_TIMEOUT'
  | 'DB_DEADLINE_EXCEEDED'
  | 'DB_CANCELLED'
  | 'DB_CONNECTION_LOST'
  | 'DB_SHUTTING_DOWN';

export interface ErrorDetails {
  outcome: Outcome;
  /** The same call may simply be made again. Default: where it was not executed. */
  retryable?: boolean;
  cause?: unknown;
}

// Registered, so that two copies of this package in one application recognise each other's errors.
const mark = Symbol.for('express-db-resilience.error');

/** Base of every error that this package makes. The database's own errors pass through as they are. */
export abstract class DbResilienceError extends Error {
  abstract readonly code: ErrorCode;
  readonly outcome: Outcome;
  readonly retryable: boolean;

  constructor(message: string, details: ErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = new.target.name;
    this.outcome = details.outcome;
    this.retryable = details.retryable ?? details.outcome === 'not-executed';
    Object.defineProperty(this, mark, { value: true });
  }

  /** True for an error of this family, from whichever copy of the package it comes. */
  static is(error: unknown): error is DbResilienceError {
    return typeof error === 'object' && error !== null && mark in error;
  }
}

/** An option is unknown, impossible or contradicts another. `option` names it; a secret is never in the message. */
export class ConfigurationError extends DbResilienceError {
  override readonly code = 'DB_CONFIGURATION';
  readonly option: string;

  constructor(option: string, message: string, cause?: unknown) {
    super(message, { outcome: 'not-executed', retryable: false, ...(cause === undefined ? {} : { cause }) });
    this.option = option;
  }
}

/** The pool's numbers at the moment of a failure. */
export interface PoolCounts {
  total: number;
  active: number;
  idle: number;
  /** Connections that are being opened; in `total` are those that have not taken longer than usual. */
  connecting: number;
  waiting: number;
  max: number;
}

export function describeCounts({ total, active, idle, connecting, waiting, max }: PoolCounts): string {
  return (
    `total=${String(total)}/${String(max)}, active=${String(active)}, idle=${String(idle)}, ` +
    `connecting=${String(connecting)}, waiting=${String(waiting)}`
  );
}

/** No connection became free, or none could be opened, within the acquisition time-out. */
export class AcquireTimeoutError extends DbResilienceError {
  override readonly code = 'DB_ACQUIRE_TIMEOUT';
  readonly pool: string;
  readonly waitedMs: number;
  readonly counts: PoolCounts;

  constructor(pool: string, waitedMs: number, counts: PoolCounts, cause?: unknown) {
    super(
      `Pool "${pool}": no connection within ${String(Math.round(waitedMs))} ms ` +
        `(${describeCounts(counts)})` +
        (cause instanceof Error ? `; the last attempt to connect failed: ${describeCause(cause)}` : ''),
      { outcome: 'not-executed', ...(cause === undefined ? {} : { cause }) },
    );
    this.pool = pool;
    this.waitedMs = waitedMs;
    this.counts = counts;
  }
}

/** A statement took longer than its time-out. It was cancelled on the server; `outcome` tells whether that is proven. */
export class QueryTimeoutError extends DbResilienceError {
  override readonly code = 'DB_QUERY_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number, details: ErrorDetails) {
    super(`${explain[details.outcome]} within its time-out of ${String(timeoutMs)} ms`, details);
    this.timeoutMs = timeoutMs;
  }
}

const explain: Record<Outcome, string> = {
  'not-executed': 'The statement was not sent',
  'rolled-back': 'The statement did not finish (it was cancelled on the server and undone)',
  unknown: 'The statement got no answer (whether it ran is not known)',
};

/**
 * The deadline of the request, or of `runWithDeadline`, passed before there was an answer. What ran was cancelled on the
 * server; `outcome` tells whether that is proven.
 */
export class DeadlineExceededError extends DbResilienceError {
  override readonly code = 'DB_DEADLINE_EXCEEDED';
  readonly deadlineMs: number;

  /** @param what did not come in time; a statement where nothing is said */
  constructor(deadlineMs: number, details: ErrorDetails, what = explain[details.outcome]) {
    super(`${what} before the deadline of ${String(Math.round(deadlineMs))} ms`, details);
    this.deadlineMs = deadlineMs;
  }
}

/** The caller gave up: its signal was aborted or its HTTP client left. */
export class CancelledError extends DbResilienceError {
  override readonly code = 'DB_CANCELLED';

  constructor(message: string, details: ErrorDetails) {
    super(message, { retryable: false, ...details });
  }
}

/** The connection could not be opened (`not-executed`) or died under a statement (`unknown`). */
export class ConnectionLostError extends DbResilienceError {
  override readonly code = 'DB_CONNECTION_LOST';
}

/** The pool is being closed, or is closed. */
export class ShuttingDownError extends DbResilienceError {
  override readonly code = 'DB_SHUTTING_DOWN';

  constructor(message: string, details: ErrorDetails = { outcome: 'not-executed' }) {
    super(message, { retryable: false, ...details });
  }
}

/** Code and message of a cause, without the values or the SQL that a database error may carry elsewhere. */
export function describeCause(error: Error): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}
