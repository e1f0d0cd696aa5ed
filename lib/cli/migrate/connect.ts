import { MigrationManager } from '../../migrate/manager.js';
import type { MigrationEvent } from '../../migrate/reports.js';
import { readConnectionString } from '../../pool/options/connection-string.js';
import { ResilientPool } from '../../pool/resilient-pool.js';
import type { Terminal } from '../terminal.js';
import type { DatabaseOptions } from './options.js';

/** What the commands use of `MigrationManager`. */
export type Migrations = Pick<
  MigrationManager,
  'status' | 'plan' | 'rehearse' | 'up' | 'down' | 'migrateTo' | 'repair'
>;

export interface Connected {
  readonly migrations: Migrations;
  close(): Promise<void>;
}

export type Connect = (
  options: DatabaseOptions,
  env: Terminal['env'],
  onProgress: (event: MigrationEvent) => void,
) => Connected;

/** @throws ConfigurationError for a URL that cannot be read. The URL is not in the message. */
export const connectManager: Connect = (options, env, onProgress) => {
  const { source, url } = givenUrl(options, env);
  // Here, so that the message names where the URL comes from.
  if (url !== undefined) readConnectionString(source, url);
  // It opens nothing by itself: it tells the manager where the database is.
  const pool = new ResilientPool({ connectionString: url, min: 0, max: 1, monitor: false });
  const migrations = new MigrationManager(pool, {
    directory: options.dir,
    migrationUrl: url,
    table: options.table,
    lockTimeoutMs: options.lockTimeout,
    lockRetryMs: options.lockRetry,
    statementTimeoutMs: options.statementTimeout,
    waitMs: options.wait,
    acceptPooler: options.acceptPooler,
    outOfOrder: options.outOfOrder,
    onProgress,
  });
  return { migrations, close: () => pool.end() };
};

function givenUrl(options: DatabaseOptions, env: Terminal['env']): { source: string; url: string | undefined } {
  if (options.url !== undefined) return { source: '--url', url: options.url };
  for (const source of ['MIGRATION_URL', 'DATABASE_URL']) {
    const url = env[source]?.trim();
    if (url) return { source, url };
  }
  return { source: '', url: undefined };
}
