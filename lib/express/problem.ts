import { classify } from '../errors/classify.js';
import { DbResilienceError } from '../errors/errors.js';
import type { CircuitOpenError, ErrorCode, Outcome } from '../errors/errors.js';

/** Codes that `dbErrorHandler` answers with. `DB_UNAVAILABLE` stands for the database's own errors. */
export type ProblemCode =
  | Extract<
      ErrorCode,
      | 'DB_ACQUIRE_TIMEOUT'
      | 'DB_QUERY_TIMEOUT'
      | 'DB_DEADLINE_EXCEEDED'
      | 'DB_CIRCUIT_OPEN'
      | 'DB_CONNECTION_LOST'
      | 'DB_SHUTTING_DOWN'
      | 'DB_COMMIT_OUTCOME_UNKNOWN'
    >
  | 'DB_UNAVAILABLE';

/** The body of an answer, RFC 9457. Every text in it is fixed, so nothing of the error can leak. */
export interface Problem {
  /** A name, not an address: RFC 9457 wants problems told apart by it, and an address would have to be kept alive. */
  type: string;
  title: string;
  status: 500 | 503 | 504;
  detail: string;
  code: ProblemCode;
  /** What is known of the statement that failed. */
  outcome: Outcome;
  /** Whether that statement may be sent again without doing anything twice. */
  retryable: boolean;
  /** The id of the request, where it has one. */
  instance?: string;
}

interface Text {
  status: Problem['status'];
  title: string;
  detail: string;
}

const texts: Readonly<Record<ProblemCode, Text>> = {
  DB_ACQUIRE_TIMEOUT: {
    status: 503,
    title: 'No database connection in time',
    detail: 'The service could not get a connection to its database in time.',
  },
  DB_QUERY_TIMEOUT: {
    status: 504,
    title: 'Database time-out',
    detail: 'The database did not answer in time.',
  },
  DB_DEADLINE_EXCEEDED: {
    status: 504,
    title: 'Deadline exceeded',
    detail: 'The database did not answer before the deadline of the request.',
  },
  DB_CIRCUIT_OPEN: {
    status: 503,
    title: 'Database unavailable',
    detail: 'The service has lost its database, and does not ask it until it has answered again.',
  },
  DB_CONNECTION_LOST: {
    status: 503,
    title: 'Database connection lost',
    detail: 'The service could not reach its database, or lost the connection to it.',
  },
  DB_SHUTTING_DOWN: {
    status: 503,
    title: 'Service shutting down',
    detail: 'This instance of the service is shutting down.',
  },
  DB_COMMIT_OUTCOME_UNKNOWN: {
    status: 500,
    title: 'Outcome unknown',
    detail: 'The service lost its database at the moment at which the work was to be stored.',
  },
  DB_UNAVAILABLE: {
    status: 503,
    title: 'Database unavailable',
    detail: 'The database of the service takes no work at the moment.',
  },
};

const outcomes: Readonly<Record<Outcome, string>> = {
  'not-executed': 'The operation was not carried out.',
  'rolled-back': 'The operation was undone.',
  unknown: 'Whether the operation was carried out is not known.',
};

export interface Answerable {
  problem: Problem;
  reason: string;
  /** Before that a retry has no chance; 0 where nothing is known of it. */
  retryAfterMs: number;
}

/** How an error is answered, and why, in words that may be logged; undefined for the application's own business. */
export function problemOf(error: unknown): Answerable | undefined {
  const own = ownError(error);
  if (own !== undefined) {
    const { code, outcome, retryable, message } = own;
    if (!isProblemCode(code)) return undefined;
    const { retryAfterMs = 0 } = own as Partial<CircuitOpenError>;
    return { problem: problem(code, outcome, retryable), reason: message, retryAfterMs };
  }
  const { unavailable, outcome, kind } = classify(error, 'statement');
  // Not its message: query builders put the statement and its values there.
  return unavailable
    ? { problem: problem('DB_UNAVAILABLE', outcome, false), reason: kind, retryAfterMs: 0 }
    : undefined;
}

function problem(code: ProblemCode, outcome: Outcome, retryable: boolean): Problem {
  const { status, title, detail } = texts[code];
  return {
    type: `urn:express-db-resilience:${code.slice('DB_'.length).toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: `${detail} ${outcomes[outcome]}`,
    code,
    outcome,
    // Of ShuttingDownError too: another instance may serve.
    retryable: retryable || outcome !== 'unknown',
  };
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(texts, code);
}

/** Query builders wrap what the pool throws (drizzle's DrizzleQueryError) as a cause. */
function ownError(error: unknown): DbResilienceError | undefined {
  if (DbResilienceError.is(error)) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  return DbResilienceError.is(cause) ? cause : undefined;
}
