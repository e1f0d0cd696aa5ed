import { once } from 'node:events';
import pg from 'pg';
import { initializeSchema, MigrationManager, type MigrationRefusedError } from '../../lib/migrate/index.js';
import { taskVariable, type Task, type Told } from './task.js';

const task = JSON.parse(process.env[taskVariable] ?? '') as Task;
const { by = 'manager', connectionString, options, version, diesAt } = task;
let events = 0;
const onProgress = () => {
  if (events++ === diesAt) process.kill(process.pid, 'SIGKILL');
};
const pool = new pg.Pool({ connectionString });
// The whole package takes long to load, fifty times.
const { dbResilience } = by === 'dbResilience' ? await import('../../lib/index.js') : {};

/** Returns how many migrations it has applied. */
async function migrate(): Promise<number> {
  if (by === 'initializeSchema') return (await initializeSchema(pool, { ...options, onProgress })).applied;
  if (dbResilience === undefined) {
    return (await new MigrationManager(pool, { ...options, onProgress }).migrateTo(version)).steps.length;
  }
  let applied = 0;
  const log = (fields: { applied?: number }) => void (applied += fields.applied ?? 0);
  const logger = { debug: log, info: log, warn: log, error: log };
  const db = dbResilience({ connectionString, schema: options, logger });
  try {
    await db.ready();
  } finally {
    await db.close();
  }
  return applied;
}

process.send?.('ready');
await once(process, 'message');
const told = await migrate().then(
  (steps): Told => ({ steps, events }),
  ({ code, reason, message }: MigrationRefusedError): Told => ({ steps: 0, error: { code, reason, message }, events }),
);
process.send?.(told);
// It ends by itself, unless something is left behind.
process.disconnect();
