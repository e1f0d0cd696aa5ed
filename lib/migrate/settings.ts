import { boolean, callback, explained, findProblem, integer, objectWith, text } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { silentLogger } from '../core/logger.js';
import type { Logger } from '../core/logger.js';
import { ConfigurationError } from '../errors/errors.js';
import { readConnectionString } from '../pool/options/connection-string.js';
import { parseTableName } from './table-name.js';
import type { TableName } from './table-name.js';
import type { MigrationOptions } from './options.js';
import type { MigrationEvent } from './reports.js';

/** Options of migrations, complete. */
export interface MigrationSettings {
  readonly directory: string;
  readonly migrationUrl: string | undefined;
  readonly acceptPooler: boolean;
  readonly table: TableName;
  readonly lockTimeoutMs: number;
  readonly lockRetryMs: number;
  readonly statementTimeoutMs: number;
  readonly waitMs: number;
  readonly outOfOrder: boolean;
  readonly logger: Logger;
  readonly onProgress: (event: MigrationEvent) => void;
}

const DAY_MS = 86_400_000;

export const migrationRules: Rules<MigrationOptions> = {
  directory: text(),
  // It holds a password; a wrong one is told by the pool's own reading of it.
  migrationUrl: { ...explained(text(), 'a connection string (postgres://…)'), secret: true },
  acceptPooler: boolean,
  table: {
    expected: 'a name, or schema.name, each of at most 63 bytes',
    accepts: (value) => typeof value === 'string' && parseTableName(value) !== undefined,
  },
  lockTimeoutMs: integer(1, 60_000, 'milliseconds'),
  lockRetryMs: integer(0, DAY_MS, 'milliseconds'),
  statementTimeoutMs: integer(0, DAY_MS, 'milliseconds'),
  waitMs: integer(0, DAY_MS, 'milliseconds'),
  outOfOrder: boolean,
  logger: objectWith('debug', 'info', 'warn', 'error'),
  onProgress: callback,
};

const DEFAULT_TABLE: TableName = { schema: 'public', name: 'db_resilience_migrations' };

/** @throws ConfigurationError for an option that is missing, unknown or impossible */
export function resolveMigrationSettings(options: MigrationOptions, group?: string): MigrationSettings {
  const problem = findProblem(migrationRules, options, '', group);
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  if ((options.directory as string | undefined) === undefined) {
    const name = group === undefined ? 'directory' : `${group}.directory`;
    throw new ConfigurationError(name, `Option "${name}" is missing; expected the folder with the migrations`);
  }
  return {
    directory: options.directory,
    migrationUrl: readUrl(options.migrationUrl, group),
    acceptPooler: options.acceptPooler ?? false,
    table: (options.table === undefined ? undefined : parseTableName(options.table)) ?? DEFAULT_TABLE,
    lockTimeoutMs: options.lockTimeoutMs ?? 500,
    lockRetryMs: options.lockRetryMs ?? 120_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 900_000,
    waitMs: options.waitMs ?? 60_000,
    outOfOrder: options.outOfOrder ?? false,
    logger: options.logger ?? silentLogger,
    onProgress: options.onProgress ?? (() => undefined),
  };
}

/** Here, so that the message names where it comes from; the URL itself is in none. */
function readUrl(given: string | undefined, group: string | undefined): string | undefined {
  const url = given ?? (process.env.MIGRATION_URL?.trim() || undefined);
  const option = group === undefined ? 'migrationUrl' : `${group}.migrationUrl`;
  if (url !== undefined) readConnectionString(given === undefined ? 'MIGRATION_URL' : option, url);
  return url;
}
