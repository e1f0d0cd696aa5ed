import { classify, sqlstate } from '../errors/classify.js';
import { conditions } from '../errors/conditions.js';
import { DbResilienceError } from '../errors/errors.js';
import type { Outcome } from '../errors/errors.js';
import { MigrationFailedError } from '../errors/migration-errors.js';
import type { MigrationPlace } from '../errors/migration-errors.js';
import type { MigrationStatement } from './statement.js';
import type { Step } from './steps.js';

/** Which statement it was, and what became of what ran before it. */
export interface FailedAt {
  readonly step: Step;
  /** Undefined: one of our own. */
  readonly statement: MigrationStatement | undefined;
  readonly what: string;
  readonly outcome: Outcome;
  /** What to do next. */
  readonly advice: string;
}

/** Errors of ours pass through as they are. */
export function asFailure(error: unknown, { step, statement, what, outcome, advice }: FailedAt): Error {
  if (DbResilienceError.is(error) && error.code !== 'DB_CONNECTION_LOST') return error;
  const place = placeOf(step, statement, error);
  return new MigrationFailedError(`${what} failed: ${saying(error)}. ${hintOf(error)}${advice}`, place, {
    outcome,
    retryable: false,
    cause: error,
  });
}

function placeOf({ migration, part }: Step, statement: MigrationStatement | undefined, error: unknown): MigrationPlace {
  const place = { version: migration.version, file: part.file };
  if (statement === undefined) return place;
  const position = Number((error as { position?: unknown }).position);
  if (!(position > 0)) return { ...place, line: statement.line, column: statement.column };
  // The server counts characters, not UTF-16.
  const before = [...statement.text].slice(0, position - 1).join('');
  const lines = before.split('\n');
  const column = [...(lines.at(-1) ?? '')].length + (lines.length === 1 ? statement.column : 1);
  return { ...place, line: statement.line + lines.length - 1, column };
}

// In these classes the server's message names things of the schema; values are in its detail, which is not told. A RAISE
// of PL/pgSQL may choose any class.
const telling = /^(?:0A|23|25|2B|2D|3D|3F|40|42|53|54|55|57)/;

/** What the server says, where no value can be in it. */
function saying(error: unknown): string {
  const code = sqlstate(error);
  if (code === undefined) return (error as Error).message;
  const { message } = error as Error;
  const isRaised = (error as { routine?: unknown }).routine === 'exec_stmt_raise';
  const mayQuote = isRaised || code === '42601' || message.includes("'");
  const told = telling.test(code) && !mayQuote ? message : conditions[classify(error, 'statement').kind];
  return `${told} (${code})`;
}

function hintOf(error: unknown): string {
  if (sqlstate(error) === '25001') {
    return 'Put it in a migration of its own, with transaction:false on its marker: "-- migrate:up transaction:false". ';
  }
  if (sqlstate(error) !== '57014') return '';
  return (
    'Where it needs longer: statementTimeoutMs (--statement-timeout) for all, or SET statement_timeout before it in the ' +
    'file, 0 for any. '
  );
}
