import { copyOf } from '../core/sql/copy-of.js';
import type { ErrorCode } from '../errors/errors.js';
import { codeOf } from './query-outcome.js';

/** What a statement may fail with, of our own; the rest comes before there is a statement. */
const ourCodes: readonly ErrorCode[] = [
  'DB_QUERY_TIMEOUT',
  'DB_DEADLINE_EXCEEDED',
  'DB_CANCELLED',
  'DB_CONNECTION_LOST',
  'DB_COMMIT_OUTCOME_UNKNOWN',
  'DB_TRANSACTION_ROLLED_BACK',
];

// Those that an alert or a runbook speaks of: constraints, conflicts, locks, resources, lost connections, mistakes.
const sqlStates =
  '22P02 23502 23503 23505 23514 25006 25P02 40001 40P01 42501 42601 42703 42P01 53100 53200 53300 55P03 57014 57P01 ' +
  '57P02 57P03 08000 08003 08006 08P01';

/** RAISE can make a new SQLSTATE for each row. */
const MOST_TYPES = 50;

export const otherType = 'other';

/** How often each type of error came: a bounded number of types, the rest is `other`. */
export class ErrorTypes {
  readonly #counts = new Map<string, number>(
    [...sqlStates.split(' '), ...ourCodes, otherType].map((type) => [type, 0]),
  );
  #folded = 0;

  /** @returns its type: SQLSTATE, our own code, or `other` */
  count(error: Error): string {
    const type = this.#typeOf(error);
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    return type;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Errors with a code that are `other` because there were too many codes. */
  get folded(): number {
    return this.#folded;
  }

  #typeOf(error: Error): string {
    const code = codeOf(error);
    if (code === undefined || this.#counts.has(code)) return code ?? otherType;
    if (this.#counts.size < MOST_TYPES) return copyOf(code);
    this.#folded++;
    return otherType;
  }
}
