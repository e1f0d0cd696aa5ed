import type { Outcome } from './errors.js';

/**
 * What was being done when the error came.
 *
 * - `connect`: a connection was being opened or acquired; no statement had been written.
 * - `statement`: a single statement outside a transaction block was, or may have been, written to the socket.
 * - `transaction`: the same inside a transaction block, before its COMMIT.
 * - `commit`: COMMIT was, or may have been, written.
 */
export type Phase = 'connect' | 'statement' | 'transaction' | 'commit';

/**
 * What may be sent again.
 *
 * - `statement`: nothing was done; any statement may be.
 * - `idempotent`: it may have been done; only what is read-only or declared idempotent may be.
 * - `transaction`: the transaction was undone; it may be replayed as a whole, never one statement of it.
 * - `never`: it would fail again, or the caller has to decide.
 */
export type Retry = 'statement' | 'idempotent' | 'transaction' | 'never';

export type Kind =
  | 'unreachable'
  | 'connection-lost'
  | 'server-shutting-down'
  | 'server-starting'
  | 'too-many-connections'
  | 'pooler'
  | 'authentication'
  | 'unknown-database'
  | 'tls'
  | 'configuration'
  | 'serialization'
  | 'deadlock'
  | 'lock-timeout'
  | 'read-only'
  | 'stale-plan'
  | 'timeout'
  | 'cancelled'
  | 'constraint'
  | 'data'
  | 'syntax'
  | 'permission'
  | 'transaction-state'
  | 'raised'
  | 'unsupported'
  | 'resource'
  | 'internal'
  | 'shutting-down'
  | 'circuit-open'
  | 'caller'
  | 'other';

/** What one error means. The policies ask this; none of them looks at a SQLSTATE or a socket's code. */
export interface Classification {
  readonly kind: Kind;
  readonly retry: Retry;
  /** Is it a sign that the database is ill, and not only the statement or its caller? */
  readonly countsAgainstCircuit: boolean;
  readonly outcome: Outcome;
  /** The database cannot be reached or refuses work now: an HTTP service answers 503. */
  readonly unavailable: boolean;
  /** While connecting: waiting will not help, something has to be changed. */
  readonly hopeless: boolean;
  /** What to change, where `hopeless`. */
  readonly advice?: string;
}

/** A row of the tables: what an error means for a single statement. The phase bends it, see `classify`. */
export interface Verdict {
  readonly kind: Kind;
  /** Default: `never`. */
  readonly retry?: 'statement' | 'idempotent';
  /** False: not to be replayed in a transaction unless the caller opts in, although a single statement is retried. */
  readonly replay?: false;
  readonly circuit?: true;
  readonly unavailable?: true;
  /** The work never began: the server, a pooler or this machine refused before. */
  readonly refused?: true;
  /** Unknown even though the server answered. */
  readonly unknown?: true;
  /** Holds while connecting too, where all else means "nothing was sent, try again". */
  readonly always?: true;
  /** While connecting: the advice of a failure that waiting will not mend. */
  readonly hopeless?: string;
}
