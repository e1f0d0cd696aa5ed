import { expect } from 'chai';
import type { ResilientPool } from '../../lib/pool/resilient-pool.js';
import type { PostgresServer } from '../../lib/testing/index.js';

export interface Settled<T> {
  value?: T;
  error?: Error & { code?: string; outcome?: string };
  ms: number;
}

/** What became of a promise; fails where it has not settled within `withinMs`. */
export async function settled<T>(promise: PromiseLike<T>, withinMs: number): Promise<Settled<T>> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`has not settled within ${String(withinMs)} ms`)), withinMs);
  });
  const told = Promise.resolve(promise).then(
    (value): Settled<T> => ({ value, ms: performance.now() - started }),
    (error: unknown): Settled<T> => ({ error: error as Error, ms: performance.now() - started }),
  );
  try {
    return await Promise.race([told, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `condition` holds; fails where it does not within `withinMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Nobody has a client, nobody waits for one, and the server runs nothing of this pool's. */
export async function expectNothingLeft(
  pool: ResilientPool,
  server: PostgresServer,
  applicationName: string,
): Promise<void> {
  await eventually(
    () => pool.totalCount === pool.idleCount && pool.waitingCount === 0,
    5000,
    `a client is still out: total ${String(pool.totalCount)}, idle ${String(pool.idleCount)}, waiting ${String(pool.waitingCount)}`,
  );
  let busy: unknown[] = [];
  await eventually(
    async () => {
      busy = await server.query(
        `select pid, state, query from pg_stat_activity where application_name = $1 and state <> 'idle'`,
        [applicationName],
      );
      return busy.length === 0;
    },
    10_000,
    'a statement or transaction is left on the server',
  );
  expect(busy).to.deep.equal([]);
}
