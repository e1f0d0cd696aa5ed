import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { makePool } from './bare-pool.js';
import { carryOut, type Subject } from './subject.js';

const askAgainMs = 20;

/** A COMMIT whose answer was lost is looked up by its id, and what pg_xact_status says is believed. */
export function makeNaive(connectionString: string): Subject {
  const pool = makePool(connectionString);
  return {
    async transfer(transfer, { isolation, timeoutMs, onAttempt }) {
      const until = performance.now() + timeoutMs;
      const client = await pool.connect();
      let id: string;
      try {
        await client.query(`begin isolation level ${isolation}`);
        onAttempt();
        await carryOut(client, transfer);
        id = await idOf(client);
      } catch (error) {
        client.release(true);
        throw error;
      }
      try {
        await client.query('commit');
        client.release();
      } catch (error) {
        client.release(true);
        await believe(pool, id, until, error);
      }
    },
    end: () => pool.end(),
  };
}

async function idOf(client: pg.PoolClient): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
  return String(rows[0]?.id);
}

/** @throws the error of COMMIT where the id reads aborted, and one that says unknown where nothing is read in time */
async function believe(pool: pg.Pool, id: string, until: number, error: unknown): Promise<void> {
  for (; performance.now() < until; await sleep(askAgainMs)) {
    const status = await pool.query<{ status: string }>('select pg_xact_status($1::xid8) as status', [id]).then(
      ({ rows }) => rows[0]?.status,
      () => undefined,
    );
    if (status === 'committed') return;
    if (status === 'aborted') throw error;
  }
  throw Object.assign(new Error('Nothing is known'), { outcome: 'unknown', reason: 'deadline' });
}
