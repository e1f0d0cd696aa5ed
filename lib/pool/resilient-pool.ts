import pg from 'pg';
import { boundToCaller } from '../core/root-scope.js';
import { ShuttingDownError } from '../errors/errors.js';
import { Bag } from './bag.js';
import type { BagEvent } from './bag.js';
import { Dialer } from './dialer.js';
import { Maintenance } from './maintenance.js';
import { clientConfig, resolvePoolOptions, tlsWarning } from './options/index.js';
import type { ResilientPoolOptions, ResolvedPoolOptions } from './options/index.js';
import type { PoolEntry } from './pool-entry.js';
import { queryThrough, rethrowFromCaller } from './query-forms.js';
import { drain } from './drain.js';
import { isSubmittable } from './submission.js';
import type { QueryCallback } from './statement.js';
import type { AcquireCallback, Borrowing } from './waiters.js';

declare module 'pg' {
  // pg reads it, its types do not tell.
  interface QueryConfig {
    /** This statement's own time-out in milliseconds, in place of `queryTimeoutMs`; 0 for none. */
    query_timeout?: number | undefined;
  }
}

type Done = (release?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, done: Done) => void;

/** pg.Pool less what is implemented here, so that accessors may stand where its types have properties. */
type PoolBase = new (
  config: pg.PoolConfig,
) => Omit<
  pg.Pool,
  'connect' | 'end' | 'totalCount' | 'idleCount' | 'waitingCount' | 'expiredCount' | 'ending' | 'ended'
> & { ending: boolean; ended: boolean };

/**
 * A `pg.Pool` that does not hang, crash or leak. Its surface is pg.Pool's; what differs is listed in
 * docs/differences-from-pg-pool.md. It connects at first use.
 *
 * @throws ConfigurationError for an option that is unknown, impossible or contradicts another
 */
export class ResilientPool extends (pg.Pool as unknown as PoolBase) {
  readonly #bag: Bag;
  readonly #maintenance: Maintenance;
  readonly #resolved: ResolvedPoolOptions;
  #ended: Promise<void> | undefined;

  constructor(options: ResilientPoolOptions = {}) {
    const resolved = resolvePoolOptions(options);
    super(poolConfig(resolved));
    hide(this.options, ['password', 'ssl', ...Object.keys(options.pg ?? {})]);
    this.#resolved = resolved;
    const warning = tlsWarning(resolved);
    if (warning !== undefined) resolved.logger.warn({ pool: resolved.name }, warning);
    const dialer = new Dialer(resolved, (ms) => (this.#bag.backstopMs = ms));
    this.#bag = new Bag(
      {
        ...resolved,
        queryTimeoutMs: resolved.queryTimeoutMs === false ? 0 : resolved.queryTimeoutMs,
        stream: resolved.pg.stream,
        dial: (signal) => dialer.dial(signal),
        expiry: (now) => expiry(now, resolved.maxLifetimeMs),
      },
      (event, entry, error) => this.#onBagEvent(event, entry, error),
    );
    this.#maintenance = new Maintenance(this.#bag, resolved);
  }

  /** The pool's name, as errors and logs have it. */
  get name(): string {
    return this.#resolved.name;
  }

  get totalCount(): number {
    return this.#bag.total;
  }

  get idleCount(): number {
    return this.#bag.idle.length;
  }

  /** Calls that wait for a connection. */
  get waitingCount(): number {
    return this.#bag.waiters.size;
  }

  get expiredCount(): number {
    const now = this.#bag.deadlines.now();
    let expired = 0;
    for (const entry of this.#bag.entries) if (entry.expiresAt <= now) expired += 1;
    return expired;
  }

  /** The last reason why no connection could be opened; undefined since one was. */
  get lastConnectError(): Error | undefined {
    return this.#bag.lastDialError;
  }

  // pg.Pool's types have a dozen overloads of `query`; this keeps them all, and the method on the prototype.
  static {
    this.prototype.query = function (this: ResilientPool, config: unknown, values?: unknown, callback?: unknown) {
      if (typeof values === 'function') {
        callback = values;
        values = undefined;
      }
      if (typeof config === 'function') {
        callback = config;
        config = undefined;
      }
      if (callback !== undefined) {
        this.#run(config, values, boundToCaller(callback as QueryCallback));
        return undefined;
      }
      return new Promise((resolve, reject) => {
        this.#run(config, values, (error, result) => (error == null ? resolve(result) : reject(error)));
      }).catch(rethrowFromCaller);
    } as pg.Pool['query'];
  }

  /**
   * Checks a client out. Give it back with `client.release()`, or close it with `client.release(true)`.
   *
   * @throws AcquireTimeoutError no connection became free within `acquireTimeoutMs`
   * @throws ConnectionLostError the server was not reached
   * @throws ShuttingDownError after `end()`
   */
  connect(): Promise<pg.PoolClient>;
  connect(callback: ConnectCallback): void;
  connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    if (callback !== undefined) {
      const bound = boundToCaller(callback);
      this.#acquire('borrower', (error, entry) => {
        if (error !== undefined) bound(error, undefined, () => undefined);
        // An idle connection is there at once, but a callback is never called before connect() has returned.
        else process.nextTick(bound, undefined, entry.client, this.#checkOut(entry));
      });
      return undefined;
    }
    return new Promise<pg.PoolClient>((resolve, reject) => {
      this.#acquire('borrower', (error, entry) => {
        if (error !== undefined) {
          reject(error);
        } else {
          this.#checkOut(entry);
          resolve(entry.client);
        }
      });
    }).catch(rethrowFromCaller);
  }

  /**
   * Closes the pool: refuses new work at once, waits up to `drainTimeoutMs` for the clients that are out, then
   * cancels what they run and closes them. Called again, it gives the same promise.
   */
  end(): Promise<void>;
  end(callback: () => void): void;
  end(callback?: () => void): Promise<void> | void {
    this.#ended ??= this.#close();
    if (callback === undefined) return this.#ended;
    void this.#ended.then(boundToCaller(callback));
    return undefined;
  }

  /** Opens connections up to `min` now, in the background, rather than after the first use. */
  warmUp(): void {
    this.#maintenance.start();
  }

  async #close(): Promise<void> {
    this.ending = true;
    this.#maintenance.stop();
    this.#bag.close();
    await drain(this.#bag, this.#resolved.drainTimeoutMs);
    this.ended = true;
  }

  #run(config: unknown, values: unknown, done: QueryCallback): void {
    if (config == null) {
      const error = new TypeError('pool.query takes a text, a config object or a Submittable first');
      process.nextTick(done, error);
      return;
    }
    this.#acquire('statement', (error, entry) => {
      if (error !== undefined) done(error);
      else if (isSubmittable(config)) queryThrough(entry, config, values, done);
      else entry.run(config, values, done);
    });
  }

  #acquire(holder: Borrowing, callback: AcquireCallback): void {
    if (this.#bag.closing) {
      const error = new ShuttingDownError(`Cannot use a pool after calling end on the pool (pool "${this.name}")`);
      process.nextTick(callback, error, undefined);
      return;
    }
    const entry = this.#bag.take(holder);
    if (entry !== undefined) callback(undefined, entry);
    else this.#bag.wait(holder, callback);
  }

  #checkOut(entry: PoolEntry): Done {
    let released = false;
    const release: Done = (error) => {
      if (released) throw new Error('Release called on client which has already been released to the pool.');
      released = true;
      this.#bag.release(entry, error);
    };
    entry.client.release = release;
    return release;
  }

  #onBagEvent(event: BagEvent, entry: PoolEntry, error?: Error | boolean): void {
    this.#resolved.log?.(event);
    if (event === 'connect') this.#maintenance.start();
    if (event === 'discard') {
      this.#resolved.logger.warn(
        { pool: this.name, err: error },
        'A connection was closed instead of being used again',
      );
      return;
    }
    if (this.listenerCount(event) === 0) {
      if (event === 'error') this.#resolved.logger.warn({ pool: this.name, err: error }, 'An idle connection was lost');
      return;
    }
    try {
      if (event === 'error' || event === 'release') this.emit(event, error, entry.client);
      else this.emit(event, entry.client);
    } catch (thrown) {
      this.#resolved.logger.error({ pool: this.name, err: thrown }, `A listener of the pool's '${event}' event threw`);
    }
  }
}

/** Jittered down by up to a tenth, so that connections opened together do not expire together. */
function expiry(now: number, maxLifetimeMs: number): number {
  return maxLifetimeMs === 0 ? Infinity : now + maxLifetimeMs * (1 - Math.random() / 10);
}

/** pg.Pool hides the password from console.log; keys, passphrases and what pg is given unread are as secret. */
function hide(options: object, names: string[]): void {
  for (const name of names) {
    if (name in options) Object.defineProperty(options, name, { enumerable: false });
  }
}

/** What pg.Pool shows as `pool.options`. */
function poolConfig(resolved: ResolvedPoolOptions): pg.PoolConfig {
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
