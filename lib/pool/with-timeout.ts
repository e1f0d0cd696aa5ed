import pg from 'pg';
import { sqlstate } from '../errors/classify.js';
import { ConfigurationError, QueryTimeoutError } from '../errors/errors.js';
import { assertTimeout, timeout } from '../policy/timeout.js';
import type { Work } from '../policy/timeout.js';
import { cancelTarget, requestCancel } from './cancel.js';
import { destroySocket, entryOf } from './guarded-client.js';
import { ResilientPool } from './resilient-pool.js';

/** Anything that runs statements: a pool, a client, a wrapper around one. */
export interface Queryable {
  query(text: string, values?: unknown[]): unknown;
}

export type PgQueryable = Pick<pg.Pool, 'query' | 'connect'> | Pick<pg.ClientBase, 'query' | 'connect'>;

/** `query` of pg with a time-out. */
export interface TimedPg {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** `query` of something else with a time-out, and what the original's promise brings. */
export interface TimedQueryable<Q extends Queryable> {
  query(text: string, values?: unknown[]): Promise<Awaited<ReturnType<Q['query']>>>;
}

/** How long a cancelled statement's client may take to prove clean before it is closed. */
const GRACE_MS = 2000;
/** How long the cancelled statement may still say what became of it before the caller is answered. */
const CONFIRM_MS = 250;

/**
 * Bounds a promise, a `(signal) => promise`, or every statement of something with a `query` method.
 *
 * Statements of a ResilientPool, a pg.Pool or a connected pg.Client are cancelled **on the server** when their time
 * is over, and a pool gets the client back only when it is known to be clean. Of any other `query` only the waiting ends.
 *
 * @param timeoutMs milliseconds, 1 to 2,147,483,647
 * @throws QueryTimeoutError when the time is over; `outcome` is `rolled-back` where the server confirmed the cancel
 * @throws ConfigurationError where `timeoutMs` or the first argument is nothing of the kind
 */
export function withTimeout(queryable: PgQueryable, timeoutMs: number): TimedPg;
export function withTimeout<Q extends Queryable>(queryable: Q, timeoutMs: number): TimedQueryable<Q>;
export function withTimeout<T>(work: Work<T>, timeoutMs: number): Promise<T>;
export function withTimeout(work: Work<unknown> | Queryable, timeoutMs: number): unknown {
  assertTimeout(timeoutMs);
  if (typeof work === 'function') return timeout(work, timeoutMs);
  if (typeof (work as Partial<Queryable> | null)?.query === 'function') {
    const queryable = work as Queryable;
    return {
      query: async (config: string | pg.QueryConfig, values?: unknown[]) =>
        runTimed(queryable, asConfig(config, values), timeoutMs),
    };
  }
  if (typeof (work as Partial<PromiseLike<unknown>> | null)?.then === 'function')
    return timeout(work as PromiseLike<unknown>, timeoutMs);
  throw new ConfigurationError(
    'work',
    `withTimeout: received ${work === null ? 'null' : typeof work}; accepted are a promise, a function (signal) => promise, ` +
      'and anything with a query method (a pool, a client)',
  );
}

function asConfig(config: string | pg.QueryConfig, values: unknown[] | undefined): pg.QueryConfig {
  const base = typeof config === 'string' ? { text: config } : config;
  return values === undefined ? base : { ...base, values };
}

async function runTimed(queryable: Queryable, config: pg.QueryConfig, timeoutMs: number): Promise<unknown> {
  if (queryable instanceof ResilientPool || entryOf in queryable) {
    const own = Object.create(config, { query_timeout: { value: timeoutMs } }) as pg.QueryConfig;
    return (queryable as unknown as pg.Pool).query(own);
  }
  if (queryable instanceof pg.Pool) return runOnPool(queryable, config, timeoutMs);
  if (queryable instanceof pg.Client) return runOnClient(queryable, config, timeoutMs).answer;
  const { text, values } = config;
  return timeout(() => queryable.query(text, values as unknown[] | undefined) as PromiseLike<unknown>, timeoutMs);
}

async function runOnPool(pool: pg.Pool, config: pg.QueryConfig, timeoutMs: number): Promise<unknown> {
  const started = performance.now();
  const connecting = pool.connect();
  let client: pg.PoolClient;
  try {
    client = await timeout(connecting, timeoutMs);
  } catch (error) {
    // A client that comes after its caller has gone goes back to the pool.
    connecting.then(
      (late) => late.release(),
      () => undefined,
    );
    if (error instanceof QueryTimeoutError) throw new QueryTimeoutError(timeoutMs, { outcome: 'not-executed' });
    throw error;
  }
  const onError = (): void => undefined;
  client.on('error', onError);
  const left = Math.max(1, timeoutMs - (performance.now() - started));
  const { answer, clean } = runOnClient(client, config, left, timeoutMs);
  void clean.then((isClean) => {
    if (!isClean) destroySocket(client);
    client.release(!isClean);
    client.removeListener('error', onError);
  });
  return answer;
}

interface TimedRun {
  answer: Promise<unknown>;
  /** Settles when nothing of this statement can hit the next one any more; false: the client is not fit for it. */
  clean: Promise<boolean>;
}

function runOnClient(client: pg.Client, config: pg.QueryConfig, leftMs: number, timeoutMs = leftMs): TimedRun {
  const done = client.query(config);
  let cancelled: Promise<boolean> | undefined;
  let expire: ((error: QueryTimeoutError) => void) | undefined;
  const expired = new Promise<never>((_resolve, reject) => (expire = reject));
  let confirm: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    const target = cancelTarget(client);
    cancelled = target === undefined ? Promise.resolve(false) : requestCancel(target, GRACE_MS);
    confirm = setTimeout(() => expire?.(new QueryTimeoutError(timeoutMs, { outcome: 'unknown' })), CONFIRM_MS);
  }, leftMs);
  const told = done.catch((error: unknown) => {
    if (cancelled === undefined || sqlstate(error) !== '57014') throw error;
    throw new QueryTimeoutError(timeoutMs, { outcome: 'rolled-back', cause: error });
  });
  const answer = Promise.race([told, expired]).finally(() => {
    clearTimeout(timer);
    clearTimeout(confirm);
  });
  // A success comes with ReadyForQuery; after an error or a cancel that is still to be seen.
  const isIdle = () => client.getTransactionStatus() === 'I';
  const clean = answer.then(
    () => (cancelled === undefined ? isIdle() : proveClean()),
    () => proveClean(),
  );
  return { answer, clean };

  async function proveClean(): Promise<boolean> {
    if (cancelled !== undefined && !(await cancelled)) return false;
    // An empty statement behind it: its answer is the ReadyForQuery that the error alone does not promise.
    const fence = done.catch(() => undefined).then(() => client.query(''));
    const isReady = await timeout(fence, GRACE_MS).then(
      () => true,
      () => false,
    );
    return isReady && isIdle();
  }
}
