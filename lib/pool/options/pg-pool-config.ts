import type pg from 'pg';
import { clientConfig } from './client-config.js';
import type { ResolvedPoolOptions } from './types.js';

/** What pg.Pool shows as `pool.options`. */
export function pgPoolConfig(resolved: ResolvedPoolOptions): pg.PoolConfig {
  const { max, min, idleTimeoutMs, maxUses, allowExitOnIdle, acquireTimeoutMs, Client } = resolved;
  return {
    ...clientConfig(resolved, { backstops: false }),
    max,
    min,
    maxUses,
    allowExitOnIdle,
    idleTimeoutMillis: idleTimeoutMs,
    connectionTimeoutMillis: acquireTimeoutMs,
    maxLifetimeSeconds: resolved.maxLifetimeMs / 1000,
    Client: Client,
  };
}

/** pg.Pool hides the password from console.log; keys, passphrases and what pg is given unread are as secret. */
export function hideSecrets(shown: object, extras: object = {}): void {
  for (const name of ['password', 'ssl', ...Object.keys(extras)]) {
    if (name in shown) Object.defineProperty(shown, name, { enumerable: false });
  }
}
