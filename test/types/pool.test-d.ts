import type pg from 'pg';
import Cursor from 'pg-cursor';
import { connectWithRetry, ResilientPool, withTimeout } from '../../lib/index.js';
import type { Logger, ResilientPoolOptions } from '../../lib/index.js';
import { same } from './same.js';

interface User {
  id: number;
  name: string;
}

export const wherePgTakesAPool: pg.Pool = new ResilientPool();

export async function statements(pool: ResilientPool): Promise<void> {
  const { rows, rowCount } = await pool.query<User>('select * from users where id = $1', [1]);
  same<typeof rows, User[]>(true);
  same<typeof rowCount, number | null>(true);
  const tuples = await pool.query<[number, string]>({ text: 'select id, name from users', rowMode: 'array' });
  same<typeof tuples.rows, [number, string][]>(true);
  pool.query('select 1', (error, result) => {
    same<typeof error, Error>(true);
    same<typeof result.rowCount, number | null>(true);
  });
  const cursor = pool.query(new Cursor<User>('select * from users'));
  same<typeof cursor, Cursor<User>>(true);

  // @ts-expect-error a text, not a number
  void pool.query(1);
  // @ts-expect-error a user has no age
  void rows[0]?.age;
}

export async function checkouts(pool: ResilientPool): Promise<void> {
  const client = await pool.connect();
  same<typeof client, pg.PoolClient>(true);
  pool.connect((error, borrowed, done) => {
    same<typeof error, Error | undefined>(true);
    same<typeof borrowed, pg.PoolClient | undefined>(true);
    done(true);
  });
  pool.on('error', (error: Error) => error).on('connect', (connected: pg.PoolClient) => connected);
  const counts: number[] = [pool.totalCount, pool.idleCount, pool.waitingCount];
  void counts;
  await pool.end();

  // @ts-expect-error counters are not to be written
  pool.totalCount = 1;
}

export function poolOptions(logger: Logger): void {
  const full: ResilientPoolOptions = {
    name: 'billing',
    max: 10,
    queryTimeoutMs: false,
    acquireTimeoutMs: 1000,
    logger,
  };
  void new ResilientPool(full);
  void new ResilientPool({ max: undefined, password: async () => 'rotated' });

  // @ts-expect-error there is no such option
  void new ResilientPool({ maximum: 10 });
  // @ts-expect-error a number of milliseconds
  void new ResilientPool({ queryTimeoutMs: '1s' });
  // @ts-expect-error there is no waiting without end
  void new ResilientPool({ acquireTimeoutMs: false });
  // @ts-expect-error a console has no such order of parameters, but a string is no logger at all
  void new ResilientPool({ logger: 'pino' });
}

export async function wrappers(pool: ResilientPool): Promise<void> {
  const answer = await withTimeout(Promise.resolve(1), 1000);
  same<typeof answer, number>(true);
  const text = await withTimeout((signal) => Promise.resolve(signal.aborted ? 'late' : 'in time'), 1000);
  same<typeof text, string>(true);
  const connected = await connectWithRetry({ max: 5 }, { attempts: 3, signal: AbortSignal.timeout(1000) });
  same<typeof connected, ResilientPool>(true);
  await withTimeout(pool, 1000).query('select 1', []);

  // @ts-expect-error milliseconds are not optional
  void withTimeout(Promise.resolve(1));
  // @ts-expect-error there is no such option
  void connectWithRetry({}, { retries: 3 });
}
