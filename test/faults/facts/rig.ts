import { expect } from 'chai';
import { after, before, it } from 'mocha';
import { Socket } from 'node:net';
import pg from 'pg';
import type { ResilientPoolOptions } from '../../../lib/pool/options/index.js';
import { ResilientPool } from '../../../lib/pool/resilient-pool.js';
import { startFaultProxy, type FaultProxy, type PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { Relay } from './relay.js';
import { eventually, expectNothingLeft, settled } from '../../support/settle.js';

const ours = 'facts-ours';
const bare = 'facts-bare';

/** Every wait below is shorter, so that this one speaks only where a test forgot to bound something. */
const wholeTestMs = 15_000;
const closingMs = 5000;
/** What takes milliseconds may take this long where ten other programs run. */
const soonMs = 4000;
const serverMs = 40_000;

/** The pools and proxies of the test that runs; all are closed, and ours are looked over, when it has ended. */
export class Rig {
  readonly #pools: ResilientPool[] = [];
  readonly #barePools: pg.Pool[] = [];
  readonly #bareSockets = new Set<Socket>();
  readonly #proxies: FaultProxy[] = [];
  readonly #relays: Relay[] = [];
  #server: PostgresServer | undefined;

  constructor(start: () => Promise<PostgresServer> = sharedPostgres) {
    const begin = async () => (this.#server = await start());
    const end = async () => start !== sharedPostgres && (await this.#server?.stop());
    before('start PostgreSQL', function () {
      this.timeout(serverMs);
      return begin().then(() => undefined);
    });
    after('stop PostgreSQL', function () {
      this.timeout(serverMs);
      return end().then(() => undefined);
    });
  }

  get server(): PostgresServer {
    if (this.#server === undefined) throw new Error('The server is there in tests and hooks only');
    return this.#server;
  }

  /** One fact, as a test that cannot hang and that fails where it leaves anything behind. */
  fact(title: string, body: () => Promise<void>, withinMs = wholeTestMs): void {
    it(title, async () => {
      try {
        const { error } = await settled(body(), withinMs);
        if (error !== undefined) throw error;
        for (const pool of this.#pools) if (!pool.ending) await expectNothingLeft(pool, this.server, ours);
        for (const pool of this.#pools) await settled(pool.end(), closingMs);
        for (const { totalCount, waitingCount } of this.#pools)
          expect([totalCount, waitingCount]).to.deep.equal([0, 0]);
        await this.#closeProxies();
        await this.whenGone();
      } finally {
        await this.#cleanUp();
      }
    }).timeout(4 * withinMs);
  }

  /** A pg.Pool, to show what it does. Nothing that it leaves behind can hold the process or the next test. */
  bare(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({
      connectionString: this.server.connectionString,
      application_name: bare,
      stream: () => {
        const socket = new Socket();
        this.#bareSockets.add(socket);
        return socket;
      },
      ...config,
    });
    // Without listeners the process would end with the first connection that is lost.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.#barePools.push(pool);
    return pool;
  }

  resilient(options: ResilientPoolOptions = {}): ResilientPool {
    const pool = new ResilientPool({
      connectionString: this.server.connectionString,
      application_name: ours,
      min: 0,
      // It would tell of a failure in words of its own, and its probes open connections as well.
      circuit: false,
      acquireTimeoutMs: 5000,
      queryTimeoutMs: 5000,
      drainTimeoutMs: 1000,
      ...options,
    });
    this.#pools.push(pool);
    return pool;
  }

  async proxy(): Promise<FaultProxy> {
    const proxy = await startFaultProxy({ target: this.server });
    this.#proxies.push(proxy);
    return proxy;
  }

  async relay(): Promise<Relay> {
    const relay = new Relay(this.server);
    this.#relays.push(relay);
    await relay.listen();
    return relay;
  }

  /** The sessions of our pools, as the server sees them. */
  sessions(): Promise<Session[]> {
    return this.#sessionsOf(ours);
  }

  /** The sessions of the bare pools. */
  bareSessions(): Promise<Session[]> {
    return this.#sessionsOf(bare);
  }

  /** Waits until the server has ended one of our sessions, or all of them. */
  whenGone(pid?: number): Promise<void> {
    const isGone = async () => !(await this.sessions()).some((session) => pid === undefined || session.pid === pid);
    return soon(isGone, `the server has ended ${pid === undefined ? 'all sessions' : 'the session'}`);
  }

  #sessionsOf(application: string): Promise<Session[]> {
    return this.server.query<Session>(
      'select pid, state, query from pg_stat_activity where application_name = $1 order by backend_start',
      [application],
    );
  }

  async #cleanUp(): Promise<void> {
    for (const pool of this.#pools.splice(0)) void pool.end();
    for (const pool of this.#barePools.splice(0)) void pool.end().catch(() => undefined);
    for (const socket of this.#bareSockets) socket.destroy();
    this.#bareSockets.clear();
    await this.#closeProxies();
    await this.server.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = any($1::text[])',
      [[ours, bare]],
    );
  }

  async #closeProxies(): Promise<void> {
    for (const proxy of this.#proxies.splice(0)) await proxy.close();
    for (const relay of this.#relays.splice(0)) relay.close();
  }
}

export interface Session {
  pid: number;
  state: string;
  query: string;
}

/** The error that a promise rejects with, within the time given. */
export async function failure(
  promise: PromiseLike<unknown>,
  withinMs = soonMs,
): Promise<Error & { code?: string; outcome?: string; retryable?: boolean }> {
  const { error, ms } = await settled(promise, withinMs);
  if (error === undefined) throw new Error(`resolved after ${String(Math.round(ms))} ms, where an error was expected`);
  return error;
}

/** The value of a promise, within the time given. */
export async function value<T>(promise: PromiseLike<T>, withinMs = soonMs): Promise<T> {
  const outcome = await settled(promise, withinMs);
  if (outcome.error !== undefined) throw outcome.error;
  return outcome.value as T;
}

/** Whether a promise is still without an answer after so long. Nobody needs to handle it any more. */
export async function isPendingAfter(ms: number, promise: PromiseLike<unknown>): Promise<boolean> {
  const told = Promise.resolve(promise).then(
    () => false,
    () => false,
  );
  let timer: NodeJS.Timeout | undefined;
  const pending = new Promise<true>((resolve) => (timer = setTimeout(resolve, ms, true)));
  return Promise.race([told, pending]).finally(() => clearTimeout(timer));
}

/** Waits for what takes milliseconds. */
export function soon(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  return eventually(condition, soonMs, what);
}

/** A statement with a time-out of its own. */
export function timed(text: string, timeoutMs: number): pg.QueryConfig {
  return { text, query_timeout: timeoutMs } as pg.QueryConfig;
}

/** The backend that serves a pool's next statement, or a client. */
export async function backendPid(db: Pick<pg.Pool, 'query'> | pg.PoolClient): Promise<number> {
  const { rows } = await value((db as pg.Pool).query<{ pid: number }>('select pg_backend_pid() as pid'));
  return (rows[0] as { pid: number }).pid;
}

/** How many connections the pool has opened so far, from now on. */
export function countConnects(pool: { on(event: 'connect', listener: () => void): unknown }): () => number {
  let connects = 0;
  pool.on('connect', () => (connects += 1));
  return () => connects;
}
