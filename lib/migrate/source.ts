import pg from 'pg';
import { clientConfig, resolvePoolOptions } from '../pool/options/index.js';
import type { ClientClass } from '../pool/guarded-client.js';
import type { MigrationSettings } from './settings.js';

/** How to open the connection of a migration. */
export interface MigrationSource {
  readonly Client: ClientClass;
  readonly config: () => pg.ClientConfig;
}

/** What a pool is asked for: where it connects to. */
export type PoolWithOptions = Pick<pg.Pool, 'options'>;

// The pool's own, and what belongs to the statements of an application.
const notForMigrations = new Set(
  (
    'max min maxUses maxLifetimeSeconds idleTimeoutMillis connectionTimeoutMillis allowExitOnIdle onConnect verify log Client ' +
    'Promise statement_timeout query_timeout lock_timeout idle_in_transaction_session_timeout binary types'
  ).split(' '),
);

/**
 * Where `migrationUrl` says, else where the pool connects to.
 *
 * @throws ConfigurationError where `migrationUrl` is no connection string
 */
export function migrationSource(pool: PoolWithOptions, { migrationUrl }: MigrationSettings): MigrationSource {
  if (migrationUrl !== undefined) {
    const resolved = resolvePoolOptions({ connectionString: migrationUrl, serverTimeouts: false, min: 0 });
    return { Client: resolved.Client, config: () => named(fit(clientConfig(resolved, { backstops: false }))) };
  }
  const { options } = pool;
  const Client = (options as object as { Client?: ClientClass }).Client ?? pg.Client;
  return { Client, config: () => named(fit(options)) };
}

/** By their names: those of a pool hide what is secret from whoever prints them. */
function fit(options: object): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(options)) {
    if (!notForMigrations.has(name)) config[name] = (options as Record<string, unknown>)[name];
  }
  return config;
}

function named(config: Record<string, unknown>): pg.ClientConfig {
  // After a failover the name leads to the new server, which answers: only TCP tells that the old one is gone.
  return {
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...config,
    application_name: 'db-resilience migrations',
  };
}
