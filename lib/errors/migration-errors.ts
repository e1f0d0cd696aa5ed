import { DbResilienceError } from './errors.js';
import type { ErrorDetails } from './errors.js';

/** Why nothing was run. */
export type MigrationRefusal =
  // The folder and its files.
  | 'directory'
  | 'file-unreadable'
  | 'file-name'
  | 'encoding'
  | 'markers'
  | 'duplicate-version'
  | 'gap'
  // What they say.
  | 'empty'
  | 'syntax'
  | 'transaction-control'
  | 'needs-no-transaction'
  | 'unnamed-index'
  | 'psql-command'
  | 'copy-from-stdin'
  // What was asked for.
  | 'unknown-version'
  | 'no-way-down'
  // The files and the history.
  | 'edited'
  | 'vanished'
  | 'out-of-order'
  | 'newer-database'
  | 'unfinished'
  | 'history'
  | 'not-as-said'
  // The connection.
  | 'pooler'
  | 'read-only';

/** Where in the files it is. */
export interface MigrationPlace {
  version?: number | undefined;
  /** Its name, without its folder. */
  file?: string | undefined;
  /** 1 is the first. */
  line?: number | undefined;
  column?: number | undefined;
}

abstract class PlacedError extends DbResilienceError {
  readonly version: number | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, place: MigrationPlace, details: ErrorDetails) {
    super(`${placeOf(place)}${message}`, details);
    this.version = place.version;
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
  }
}

function placeOf({ file, line, column }: MigrationPlace): string {
  if (file === undefined) return '';
  const at = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined);
  return `${at.join(':')}: `;
}

/**
 * The migrations, the history and the database do not fit together, or what was asked for cannot be done: nothing was run.
 * The message says what to do.
 */
export class MigrationRefusedError extends PlacedError {
  override readonly code = 'DB_MIGRATION_REFUSED';
  readonly reason: MigrationRefusal;

  constructor(reason: MigrationRefusal, message: string, place: MigrationPlace = {}, cause?: unknown) {
    super(message, place, {
      outcome: 'not-executed',
      retryable: false,
      ...(cause === undefined ? {} : { cause }),
    });
    this.reason = reason;
  }
}

/**
 * A statement of a migration failed. `outcome` tells what became of the migration: `rolled-back`, or `unknown` where it has
 * no transaction, or where the connection was lost in its COMMIT; the next `up` finds out. `cause` is the database's error.
 */
export class MigrationFailedError extends PlacedError {
  override readonly code = 'DB_MIGRATION_FAILED';
}

/** Another process migrates this database, or a table's lock could not be had, for as long as was to be waited. */
export class MigrationLockedError extends PlacedError {
  override readonly code = 'DB_MIGRATION_LOCKED';
  readonly waitedMs: number;

  constructor(message: string, waitedMs: number, place: MigrationPlace = {}, cause?: unknown) {
    super(message, place, { outcome: 'not-executed', retryable: true, ...(cause === undefined ? {} : { cause }) });
    this.waitedMs = waitedMs;
  }
}
