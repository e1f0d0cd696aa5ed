import type { Classification, Phase, Retry, Verdict } from './classification.js';
import { verdictOfFailure } from './connection-failures.js';
import { DbResilienceError, type ErrorCode, type Outcome } from './errors.js';
import { type DatabaseError, isError, verdictOf } from './sqlstate.js';
import { cameWhileConnecting } from './while-connecting.js';

export type { Classification, Kind, Phase, Retry } from './classification.js';
export type { DatabaseError } from './sqlstate.js';

const other: Verdict = { kind: 'other', always: true };

/** How far a chain of causes and aggregates is followed. */
const maxDepth = 4;
const maxAggregated = 8;

/**
 * What an error means: what may be sent again, whether it speaks against the database, what is known of the outcome.
 * Takes whatever was thrown, from any copy of pg, and never throws. What it does not know is `other`: never retried.
 *
 * A database error inside a transaction block tells of that block; a connection that dies there leaves the outcome
 * `unknown`, for whether COMMIT was sent is known to the caller only.
 */
export function classify(error: unknown, phase: Phase): Classification {
  try {
    return judge(error, phase, 0) ?? settle(other, phase);
  } catch {
    // A getter of the error threw, or a revoked proxy.
    return settle(other, phase);
  }
}

/** True for an error that PostgreSQL, or a pooler in its place, sent; by its shape, since an application may have its own pg. */
export function isDatabaseError(error: unknown): error is Error & DatabaseError {
  try {
    return hasDatabaseShape(error);
  } catch {
    return false;
  }
}

/** The SQLSTATE of an error that the database sent; undefined of any other error. */
export function sqlstate(error: unknown): string | undefined {
  return isDatabaseError(error) ? error.code : undefined;
}

function hasDatabaseShape(error: unknown): error is DatabaseError {
  if (typeof error !== 'object' || error === null) return false;
  const { severity, code, message } = error as Partial<DatabaseError>;
  return (
    typeof severity === 'string' &&
    typeof message === 'string' &&
    typeof code === 'string' &&
    /^[0-9A-Z]{5}$/.test(code)
  );
}

function judge(error: unknown, phase: Phase, depth: number): Classification | undefined {
  if (typeof error !== 'object' || error === null || depth > maxDepth) return undefined;
  if (DbResilienceError.is(error)) return judgeOwn(error, phase, depth);
  if (cameWhileConnecting(error)) phase = 'connect';
  if (hasDatabaseShape(error)) {
    const verdict = verdictOf(error) ?? { kind: 'raised' };
    return settle(verdict, phase, isError(error.severity) ? 'rolled-back' : undefined);
  }
  const { errors, name, cause } = error as { errors?: unknown; name?: unknown; cause?: unknown };
  if (name === 'AggregateError' && Array.isArray(errors)) {
    const judged = mostCautious(errors.slice(0, maxAggregated), phase, depth);
    if (judged) return judged;
  }
  const verdict = verdictOfFailure(error, phase);
  if (verdict) return settle(verdict, phase);
  // Query builders wrap the database's error. Sockets are not looked for: "fetch failed" has one as its cause, too.
  return DbResilienceError.is(cause) || hasDatabaseShape(cause) ? judge(cause, phase, depth + 1) : undefined;
}

/** Of the failures of several addresses: one that may have run, else one that waiting may mend. */
function mostCautious(errors: readonly unknown[], phase: Phase, depth: number): Classification | undefined {
  const judged = errors.map((error) => judge(error, phase, depth + 1)).filter((one) => one !== undefined);
  return judged.find(({ outcome }) => outcome === 'unknown') ?? judged.find(({ hopeless }) => !hopeless) ?? judged[0];
}

/** Bends a row to the phase. `answered` is the outcome that the server told. */
function settle(verdict: Verdict, phase: Phase, answered?: Outcome): Classification {
  const { kind, circuit = false, unavailable = false, hopeless: advice } = verdict;
  if (phase === 'connect' && verdict.always !== true) {
    const hopeless = advice !== undefined;
    return {
      kind: kind === 'connection-lost' ? 'unreachable' : kind,
      retry: hopeless ? 'never' : 'statement',
      countsAgainstCircuit: !hopeless,
      outcome: 'not-executed',
      unavailable: !hopeless,
      hopeless,
      ...(hopeless ? { advice } : {}),
    };
  }
  const outcome = phase === 'connect' ? 'not-executed' : outcomeOf(verdict, answered);
  return {
    kind,
    retry: retryOf(verdict, phase, outcome),
    countsAgainstCircuit: circuit,
    outcome,
    unavailable,
    hopeless: false,
  };
}

function outcomeOf({ unknown, refused }: Verdict, answered: Outcome | undefined): Outcome {
  if (unknown === true) return 'unknown';
  return answered ?? (refused === true ? 'not-executed' : 'unknown');
}

function retryOf({ retry, replay }: Verdict, phase: Phase, outcome: Outcome): Retry {
  if (retry !== 'statement') return retry ?? 'never';
  if (inTransaction(phase) && replay === false) return 'never';
  if (outcome === 'unknown') return 'idempotent';
  return inTransaction(phase) ? 'transaction' : 'statement';
}

function inTransaction(phase: Phase): boolean {
  return phase === 'transaction' || phase === 'commit';
}

interface OwnVerdict extends Pick<Verdict, 'kind' | 'unavailable'> {
  /** True: always. `sent`: only once the statement was sent; a wait before that is the pool's size, not the database. */
  readonly circuit?: true | 'sent';
  /** What may have run may be sent again where it is idempotent. Without it the error is final unless `retryable`. */
  readonly resend?: true;
  /** Never retried, whatever `retryable` says: the caller's time or interest is over. */
  readonly final?: true;
}

const own: Readonly<Record<ErrorCode, OwnVerdict>> = {
  DB_CONFIGURATION: { kind: 'configuration' },
  DB_ACQUIRE_TIMEOUT: { kind: 'timeout', unavailable: true },
  DB_QUERY_TIMEOUT: { kind: 'timeout', circuit: 'sent', resend: true },
  DB_DEADLINE_EXCEEDED: { kind: 'timeout', circuit: 'sent', final: true },
  DB_CANCELLED: { kind: 'caller', final: true },
  DB_CIRCUIT_OPEN: { kind: 'circuit-open', unavailable: true, final: true },
  DB_CONNECTION_LOST: { kind: 'connection-lost', circuit: true, unavailable: true, resend: true },
  DB_SHUTTING_DOWN: { kind: 'shutting-down', unavailable: true, final: true },
  DB_COMMIT_OUTCOME_UNKNOWN: { kind: 'connection-lost', final: true },
  DB_TRANSACTION_ROLLED_BACK: { kind: 'transaction-state', final: true },
  DB_TRANSACTION_MISUSE: { kind: 'caller', final: true },
  DB_MIGRATION_REFUSED: { kind: 'caller', final: true },
  DB_MIGRATION_FAILED: { kind: 'caller', final: true },
  DB_MIGRATION_LOCKED: { kind: 'caller', final: true },
};

function judgeOwn(error: DbResilienceError, phase: Phase, depth: number): Classification {
  const { code, outcome, retryable, cause, message } = error;
  // Why no connection could be had is told by the cause: waiting will not mend a wrong password.
  const isWait = outcome === 'not-executed' && (code === 'DB_ACQUIRE_TIMEOUT' || code === 'DB_CONNECTION_LOST');
  const reason = isWait ? judge(cause, 'connect', depth + 1) : undefined;
  if (reason?.hopeless === true) return reason;

  // The code of a newer copy of this package is not in the table.
  const { kind, circuit, unavailable, resend, final }: OwnVerdict = Object.hasOwn(own, code)
    ? own[code]
    : { kind: 'other' };
  let retry: Retry = 'never';
  if (final !== true && outcome === 'unknown') retry = retryable || resend === true ? 'idempotent' : 'never';
  else if (final !== true && retryable) retry = inTransaction(phase) ? 'transaction' : 'statement';
  const counts = circuit === 'sent' ? outcome !== 'not-executed' : circuit === true;
  const hopeless = phase === 'connect' && code === 'DB_CONFIGURATION';
  return {
    kind: kind === 'connection-lost' && outcome === 'not-executed' ? 'unreachable' : kind,
    retry,
    countsAgainstCircuit: counts || reason?.countsAgainstCircuit === true,
    outcome,
    unavailable: unavailable === true,
    hopeless,
    ...(hopeless ? { advice: message } : {}),
  };
}
