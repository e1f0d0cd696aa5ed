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
  | 'DB_CIRCUIT_OPEN'
  | 'DB_CONNECTION_LOST'
  | 'DB_SHUTTING_DOWN'
  | 'DB_COMMIT_OUTCOME_UNKNOWN'
  | 'DB_TRANSACTION_ROLLED_BACK'
  | 'DB_TRANSACTION_MISUSE'
  | 'DB_MIGRATION_REFUSED'
  | 'DB_MIGRATION_FAILED'
  | 'DB_MIGRATION_LOCKED';

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

/** What a `CircuitOpenError` is made of. */
export interface CircuitOpenDetails {
  retryAfterMs: number;
  openedForMs: number;
  isIsolated: boolean;
  /** What was seen last of the illness. In words of ours: it was another caller's statement that saw it. */
  lastSeen?: string | undefined;
}

/** The database is known to be ill, so the call was refused at once, and nothing was sent. */
export class CircuitOpenError extends DbResilienceError {
  override readonly code = 'DB_CIRCUIT_OPEN';
  /** The circuit's name: the pool's. */
  readonly circuit: string;
  /** Milliseconds until it may be closed again at the soonest, as far as can be told; 0 where it cannot. */
  readonly retryAfterMs: number;

  constructor(circuit: string, { retryAfterMs, openedForMs, isIsolated, lastSeen }: CircuitOpenDetails) {
    const since = `for ${String(Math.round(openedForMs))} ms now; the call was refused, and nothing was sent`;
    super(
      isIsolated
        ? `Circuit "${circuit}" is isolated by hand ${since}`
        : `Circuit "${circuit}" is open ${since}${lastSeen === undefined ? '' : `. Last seen: ${lastSeen}`}`,
      { outcome: 'not-executed' },
    );
    this.circuit = circuit;
    this.retryAfterMs = retryAfterMs;
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

/**
 * Why nothing proves whether a transaction was committed.
 *
 * - `crash`: the server has crashed since, and ids of transactions that it lost are given out again.
 * - `failover`: another server, or another timeline, answers now.
 * - `not-replicated`: committed here, but no synchronous standby has confirmed it; a failover could lose it.
 * - `in-progress`: it had not ended when the time was over.
 * - `unreachable`: the primary could not be asked before the time was over.
 * - `deadline`: no time was left to ask.
 * - `too-old`: the server does not remember a transaction that long ago.
 * - `not-verified`: `verifyCommit` is off, or the server cannot tell the transaction's id.
 * - `closed`: the pool was closed meanwhile.
 */
export type UnknownReason =
  | 'crash'
  | 'failover'
  | 'not-replicated'
  | 'in-progress'
  | 'unreachable'
  | 'deadline'
  | 'too-old'
  | 'not-verified'
  | 'closed';

const becauseOf: Readonly<Record<UnknownReason, string>> = {
  crash: 'the server has crashed since, and what it says of a transaction from before is no proof',
  failover: 'another server has taken over since',
  'not-replicated': 'it was committed on the primary, but no synchronous standby has confirmed it',
  'in-progress': 'the server had not ended it when the time was over',
  unreachable: 'the primary could not be asked before the time was over',
  deadline: 'the deadline left no time to ask',
  'too-old': 'the server remembers nothing of it',
  'not-verified': 'the id of the transaction was not asked for before COMMIT',
  closed: 'the pool was closed before the server had told',
};

/**
 * COMMIT was sent, its answer was lost, and nothing proves whether it took effect. Do not send the transaction again
 * before you have looked for its effects: docs/commit-outcomes.md.
 */
export class CommitOutcomeUnknownError extends DbResilienceError {
  override readonly code = 'DB_COMMIT_OUTCOME_UNKNOWN';
  readonly reason: UnknownReason;

  constructor(reason: UnknownReason, cause?: unknown) {
    super(`Whether the transaction was committed is not known: ${becauseOf[reason]}`, {
      outcome: 'unknown',
      ...(cause === undefined ? {} : { cause }),
    });
    this.reason = reason;
  }
}

/**
 * The server answered COMMIT with ROLLBACK, because a statement of the transaction had failed and its error was not
 * thrown on. `cause` is that error.
 */
export class TransactionRolledBackError extends DbResilienceError {
  override readonly code = 'DB_TRANSACTION_ROLLED_BACK';

  constructor(cause?: unknown) {
    super(
      'The transaction was rolled back at COMMIT, because one of its statements had failed. ' +
        'Let the error out of the callback, or put what may fail into tx.transaction()',
      { outcome: 'rolled-back', retryable: false, ...(cause === undefined ? {} : { cause }) },
    );
  }
}

/**
 * A transaction was used after its end, or ended by hand: that statement was not sent. Or something was still open at its
 * end, a cursor or a savepoint: it was rolled back.
 */
export class TransactionMisuseError extends DbResilienceError {
  override readonly code = 'DB_TRANSACTION_MISUSE';

  constructor(message: string, outcome: 'not-executed' | 'rolled-back' = 'not-executed') {
    super(message, { outcome, retryable: false });
  }
}

/** Code and message of a cause, without the values or the SQL that a database error may carry elsewhere. */
export function describeCause(error: Error): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}
