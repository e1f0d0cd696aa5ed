import { silentLogger } from '../core/logger.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { MigrationManager } from './manager.js';
import type { MigrationCallOptions, MigrationOptions } from './options.js';
import type { PoolWithOptions } from './source.js';

/** Options of `schema`. */
export type SchemaOptions = Omit<MigrationOptions, 'logger' | 'onProgress'>;

/**
 * - `initialized`: this process has applied everything to an empty database.
 * - `migrated`: this process has applied what was pending.
 * - `up-to-date`: there was nothing to do, or another process did it.
 * - `newer`: the database has versions that this code does not know, as after a return to older code. Nothing was done.
 * - `missing`: there is no folder, or it has no migrations. Nothing was done.
 */
export type SchemaState = 'initialized' | 'migrated' | 'up-to-date' | 'newer' | 'missing';

export interface SchemaResult {
  state: SchemaState;
  /** The newest version that is applied; undefined where nothing was looked at. */
  version: number | undefined;
  /** How many migrations this process has applied. */
  applied: number;
}

/**
 * Brings the schema to the newest migration of a folder, for the start of an application: however many start at once, one
 * applies, the others wait for it. A missing folder and a database that is newer than the code are warnings.
 *
 * @param pool a `ResilientPool` or `pg.Pool`: tells where the database is, and is not used otherwise
 * @throws what `MigrationManager.up` throws, for everything else
 */
export async function initializeSchema(
  pool: PoolWithOptions,
  { signal, ...options }: MigrationOptions & MigrationCallOptions,
): Promise<SchemaResult> {
  const manager = new MigrationManager(pool, options);
  const { logger = silentLogger, directory } = options;
  try {
    const { from, to, steps, duration_ms } = await manager.up({ signal });
    const done = { version: to, applied: steps.length };
    if (to === 0) return missing(directory, 'The folder of the migrations has none', logger);
    if (steps.length === 0) {
      logger.info({ version: to }, 'Database schema is up to date');
      return { state: 'up-to-date', ...done };
    }
    const state = from === 0 ? 'initialized' : 'migrated';
    logger.info({ ...done, duration_ms }, `Database schema ${state}`);
    return { state, ...done };
  } catch (error) {
    if (!(error instanceof MigrationRefusedError)) throw error;
    if (isMissing(error)) return missing(directory, 'The folder of the migrations is missing', logger);
    if (error.reason !== 'newer-database') throw error;
    logger.warn({ version: error.version }, `${error.message}; the schema is left as it is`);
    return { state: 'newer', version: error.version, applied: 0 };
  }
}

function isMissing({ reason, cause }: MigrationRefusedError): boolean {
  return reason === 'directory' && (cause as { code?: unknown } | undefined)?.code === 'ENOENT';
}

function missing(directory: string, what: string, logger: MigrationOptions['logger']): SchemaResult {
  logger?.warn({ directory }, `${what}; the schema is left as it is`);
  return { state: 'missing', version: undefined, applied: 0 };
}
