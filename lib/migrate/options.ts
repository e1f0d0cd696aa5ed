import type { Logger } from '../core/logger.js';
import type { MigrationEvent } from './reports.js';

/** Options of `MigrationManager`. */
export interface MigrationOptions {
  /** The folder with the migrations. A relative one starts at the working directory. */
  directory: string;

  /**
   * A direct connection to the server, for migrations alone, where the pool goes through a pooler: the lock and the settings
   * of a migration belong to a session. Default: `MIGRATION_URL`, else where the pool connects to.
   */
  migrationUrl?: string | undefined;

  /**
   * Whether the connection may go through a pooler. Only right for one that keeps a server connection for as long as its
   * client is there (PgBouncer's `pool_mode = session`). Default: false.
   */
  acceptPooler?: boolean | undefined;

  /** The history: `table`, or `schema.table`. Default: `public.db_resilience_migrations`. */
  table?: string | undefined;

  /**
   * Milliseconds that a statement may wait for a lock. Everybody who wants that table waits as long behind it, readers too.
   * 1 to 60000. Default: 500 (pgroll's).
   */
  lockTimeoutMs?: number | undefined;

  /**
   * Milliseconds for which a migration that could not have a lock is begun again, with pauses between.
   * 0 (once) to 86400000. Default: 120000.
   */
  lockRetryMs?: number | undefined;

  /** Milliseconds that a statement may take; a SET in a migration goes before it. 0 (any) to 86400000. Default: 900000. */
  statementTimeoutMs?: number | undefined;

  /** Milliseconds to wait for another process that migrates this database. 0 to 86400000. Default: 60000. */
  waitMs?: number | undefined;

  /** Whether a migration older than the newest applied one may be applied late, as branches bring it. Default: false. */
  outOfOrder?: boolean | undefined;

  /** Gets what is done, as pino does. Default: nothing is logged. */
  logger?: Logger | undefined;

  /** Called for each event. It must not throw. */
  onProgress?: ((event: MigrationEvent) => void) | undefined;
}

/** Options of one call. */
export interface MigrationCallOptions {
  /** Ends it: what runs is cancelled on the server, and undone where it has a transaction. */
  signal?: AbortSignal | undefined;
}

export interface MigrateToOptions extends MigrationCallOptions {
  /** Only looks, and changes nothing: `plan`. Default: false. */
  dryRun?: boolean | undefined;
}

/** What `repair` does. */
export interface RepairOptions extends MigrationCallOptions {
  version: number;
  /**
   * `applied`, `reverted`: the history shall say so, and nothing is run. `accepted`: the edited file is right, and what was
   * applied is the same.
   */
  as: 'applied' | 'reverted' | 'accepted';
}
