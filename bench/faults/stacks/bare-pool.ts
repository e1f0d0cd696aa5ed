import pg from 'pg';
import { deadlineMs, poolSize } from '../names.js';

/** A pg.Pool as a careful user makes it: bounded, and no lost connection ends the process. */
export function makePool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: poolSize,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
