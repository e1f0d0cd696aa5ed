import { classify, isDatabaseError, sqlstate } from '../errors/classify.js';
import { conditions } from '../errors/conditions.js';
import { DbResilienceError } from '../errors/errors.js';
import { printable, withoutUrls } from './printable.js';
import { UsageError } from './usage-error.js';

/** An error, as `--json` prints it. */
export interface ErrorReport {
  /** `DB_…` of this package, `USAGE`, a SQLSTATE, or `UNEXPECTED`. */
  code: string;
  /** Of a migration that was refused: `edited`. */
  reason: string | null;
  message: string;
  file: string | null;
  line: number | null;
  column: number | null;
}

// What a server says of these has names of roles and databases in it, and no values.
const plainSpoken = new Set(['authentication', 'unknown-database', 'too-many-connections', 'server-starting']);

export function describeError(error: unknown): ErrorReport {
  const place = placeOf(error);
  if (error instanceof UsageError) return report(error.code, error.message);
  if (DbResilienceError.is(error)) return { ...report(error.code, messageOf(error)), ...place };
  if (isDatabaseError(error)) return report(sqlstate(error) ?? 'UNEXPECTED', ofDatabase(error));
  return report(
    'UNEXPECTED',
    `This is a fault of db-resilience: ${error instanceof Error ? error.message : String(error)}`,
  );
}

function report(code: string, message: string): ErrorReport {
  return { code, reason: null, message: printable(withoutUrls(message)), file: null, line: null, column: null };
}

function messageOf(error: DbResilienceError): string {
  const { hopeless, advice } = classify(error, 'connect');
  return error.code === 'DB_CONNECTION_LOST' && hopeless && advice !== undefined
    ? `${error.message}. ${advice}`
    : error.message;
}

function ofDatabase(error: Error): string {
  const { kind, advice } = classify(error, 'connect');
  const said = plainSpoken.has(kind) ? `: ${error.message}` : '';
  return `${conditions[kind]} (${sqlstate(error) ?? ''})${said}${advice === undefined ? '' : `. ${advice}`}`;
}

function placeOf(error: unknown): Partial<ErrorReport> {
  const { reason, file, line, column } = error as Partial<Record<keyof ErrorReport, unknown>>;
  return {
    reason: typeof reason === 'string' ? reason : null,
    file: typeof file === 'string' ? file : null,
    line: typeof line === 'number' ? line : null,
    column: typeof column === 'number' ? column : null,
  };
}
