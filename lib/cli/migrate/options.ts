import { Argument, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

/** Of every command that looks at a folder of migrations. */
export interface FolderOptions {
  dir: string;
  json?: boolean;
}

/** Of every command that asks the database. */
export interface DatabaseOptions extends FolderOptions {
  url?: string;
  table?: string;
  lockTimeout?: number;
  lockRetry?: number;
  statementTimeout?: number;
  wait?: number;
  acceptPooler?: boolean;
  outOfOrder?: boolean;
}

const dayMs = 86_400_000;

export function addFolderOptions(command: Command): Command {
  return command
    .option('--dir <dir>', 'the folder with the migrations', 'migrations')
    .option('--json', 'print one JSON document on standard output, for errors too');
}

export function addDatabaseOptions(command: Command): Command {
  return addFolderOptions(command)
    .optionsGroup('The database:')
    .option(
      '--url <url>',
      'a direct connection, not through a pooler (default: MIGRATION_URL, else DATABASE_URL, else the PG* variables). ' +
        'Other users of this machine can see it, and a password in it',
    )
    .option('--table <name>', 'the history: table, or schema.table (default: public.db_resilience_migrations)')
    .option('--accept-pooler', "connect through a pooler that keeps sessions (PgBouncer's pool_mode = session)")
    .optionsGroup('How it is applied:')
    .option('--out-of-order', 'apply a migration that is older than the newest applied one')
    .option(
      '--lock-timeout <ms>',
      'how long a statement may wait for a lock on a table; all who want that table wait behind it (default: 500)',
      milliseconds(1, 60_000),
    )
    .option(
      '--lock-retry <ms>',
      'for how long a migration that could not have such a lock is begun again; 0: once (default: 120000)',
      milliseconds(0, dayMs),
    )
    .option(
      '--statement-timeout <ms>',
      'how long a statement may take; 0: as long as it wants (default: 900000)',
      milliseconds(0, dayMs),
    )
    .option(
      '--wait <ms>',
      'how long to wait for another process that migrates this database (default: 60000)',
      milliseconds(0, dayMs),
    );
}

function milliseconds(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give milliseconds, a whole number from ${String(least)} to ${String(most)}.`);
  };
}

export function targetVersion(name: string): Argument {
  const meaning = 'the number that a file name begins with; 0: before the first; -1 or newest: the newest';
  return new Argument(name, meaning).argParser(parseVersion);
}

function parseVersion(text: string): number {
  if (text === 'newest' || text === '-1') return -1;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number that a file begins with, 0 (before the first), or newest (-1).');
}

export function appliedVersion(text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Give the number that a file begins with.');
}

export function count(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Give how many, a whole number from 1.');
}
