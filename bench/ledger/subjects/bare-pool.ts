import pg from 'pg';
import { poolSize, timeoutMs } from '../names.js';

/** A pg.Pool as a careful user makes it: bounded, and no lost connection ends the process. */
export function makePool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
