import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResilientPool } from '../../../lib/pool/resilient-pool.js';

// A program that loses a connection and has no 'error' listener anywhere, as many applications have none.
// Arguments: `bare` or `resilient`, then what to lose. It reports one line of JSON, if it lives that long.

const [kind, scenario] = process.argv.slice(2);
const connectionString = process.env.DATABASE_URL as string;
const pool = kind === 'bare' ? new pg.Pool({ connectionString, max: 2 }) : new ResilientPool({ max: 2, min: 0 });

async function terminate(pid: number): Promise<void> {
  const admin = new pg.Client({ connectionString });
  await admin.connect();
  await admin.query('select pg_terminate_backend($1, 2000)', [pid]);
  await admin.end();
}

async function pidOf(db: Pick<pg.Pool, 'query'>): Promise<number> {
  return (await db.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid as number;
}

function told(error: unknown): object {
  const { code, outcome } = error as { code?: string; outcome?: string };
  return { code, outcome };
}

async function loseCheckedOut(): Promise<object> {
  const client = await pool.connect();
  await terminate(await pidOf(client));
  await sleep(300);
  const report = await client.query('select 1').then(() => ({}), told);
  client.release();
  return report;
}

async function rollBackAfterLoss(): Promise<object> {
  const client = await pool.connect();
  const pid = await pidOf(client);
  await client.query('begin');
  const running = client.query('select pg_sleep(30)').then(() => ({}), told);
  await terminate(pid);
  const statement = await running;
  const rollback = await client.query('rollback').then(() => ({}), told);
  await sleep(300);
  client.release();
  return { statement, rollback };
}

async function loseIdle(): Promise<object> {
  await terminate(await pidOf(pool));
  await sleep(300);
  return {};
}

const scenarios: Record<string, () => Promise<object>> = { loseCheckedOut, rollBackAfterLoss, loseIdle };
const report = await scenarios[scenario as string]?.();
await pool.query('select 1');
process.stdout.write(`${JSON.stringify(report)}\n`);
await pool.end();
