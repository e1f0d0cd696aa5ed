import pg from 'pg';
import { boundToCaller } from '../core/root-scope.js';
import { Bag } from './bag.js';
import { isLongLived } from './connect-options.js';
import type { ConnectOptions } from './connect-options.js';
import { describePool } from './describe-pool.js';
import type { PoolDescription } from './describe-pool.js';
import { Dialer } from './dialer.js';
import type { HookList } from '../monitor/hook-list.js';
import type { Statements } from '../core/sql/statements.js';
import type {
  ConnectionCounts,
  HealthStatus,
  LeakWarning,
  PoolMetrics,
  QueryPerformance,
  SlowQuery,
} from '../monitor/reports.js';
import type { ServerReport } from '../monitor/server-report.js';
import type { Circuit } from '../policy/circuit/circuit.js';
import { loggedHooks } from './hooks-log.js';
import { Inspection } from './inspection.js';
import { Maintenance } from './maintenance.js';
import { hideSecrets, pgPoolConfig, resolvePoolOptions, tlsWarning } from './options/index.js';
import type { ResilientPoolOptions, ResolvedPoolOptions } from './options/index.js';
import { modeFor } from './mode.js';
import type { Mode } from './mode.js';
import { PoolCircuit } from './pool-circuit.js';
import { PoolMonitor } from './pool-monitor.js';
import type { QueryPerformanceOptions, SlowQueriesOptions } from './pool-monitor.js';
import type { PoolEntry } from './pool-entry.js';
import { tell } from './pool-events.js';
import { rethrowFromCaller } from './query-forms.js';
import { drain } from './drain.js';
import { CommitResolver } from './commit/resolver.js';
import { checkExecuteOptions } from './execute-options.js';
import type { ExecuteOptions } from './execute-options.js';
import { Retrier } from './retrier.js';
import { StackBudget } from './stack-budget.js';
import { Runner } from './runner.js';
import type { QueryCallback } from './statement.js';
import type { Transaction } from './transaction/level.js';
import type { TransactionOptions } from './transaction/options.js';
import { Transactions } from './transaction/transactions.js';
import { Verifier } from './transaction/verifier.js';
import { checkViewOptions, viewPrototype } from './view.js';
import type { View, ViewOptions } from './view.js';

declare module 'pg' {
  // pg reads it, its types do not tell.
  interface QueryConfig {
    /** This statement's own time-out in milliseconds, in place of `queryTimeoutMs`; 0 for none. */
    query_timeout?: number | undefined;
  }
}

type Done = (release?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, done: Done) => void;

/** See `insideOf`. */
export interface Inside {
  readonly hooks: HookList;
  readonly statements: Statements;
  readonly slowQueryThresholdMs: number;
  readonly isMonitored: boolean;
  counts(): ConnectionCounts;
  /** Reported so far. */
  leaks(): number;
  /** Held for too long now. */
  suspectedLeaks(): number;
  askForHealth(signal: AbortSignal): Promise<void>;
}

interface Parts {
  readonly pool: ResilientPool;
  readonly bag: Bag;
  readonly guard: PoolCircuit;
  readonly runner: Runner;
  readonly transactions: Transactions;
  readonly resolver: CommitResolver;
  readonly inspection: Inspection;
  readonly monitor: PoolMonitor;
  readonly maintenance: Maintenance;
  readonly resolved: ResolvedPoolOptions;
  /** What all views of the pool inherit from, made for the first one. */
  views: object | undefined;
  ended: Promise<void> | undefined;
}

const parts = Symbol('express-db-resilience.parts');
const viewed = Symbol('express-db-resilience.view');
/** Makes the view of one request; not public, since a scope is none. */
export const inView = Symbol('express-db-resilience.in-view');
/** What those who watch the pool from outside may use. */
export const insideOf = Symbol('express-db-resilience.inside-of');
/** Whether its policies act, for the answers to a request. */
export const modeOf = Symbol('express-db-resilience.mode-of');

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
  /** @internal Symbols and not #names, so that a view, whose prototype the pool is, has them too. */
  declare readonly [parts]: Parts;
  /** @internal Of a view only. */
  declare readonly [viewed]: View | undefined;

  constructor(options: ResilientPoolOptions = {}) {
    const resolved = resolvePoolOptions(options);
    super(pgPoolConfig(resolved));
    hideSecrets(this.options, options.pg);
    const warning = tlsWarning(resolved);
    if (warning !== undefined) resolved.logger.warn({ pool: resolved.name }, warning);
    const dialer = new Dialer(resolved, (ms) => (bag.backstopMs = ms));
    const mode = modeFor(resolved);
    const hooks = loggedHooks(resolved.logger, resolved.name);
    const guard = new PoolCircuit(resolved, mode, (signal) => dialer.dialUntil(signal));
    const bag = new Bag(
      {
        ...resolved,
        mode,
        queryTimeoutMs: resolved.queryTimeoutMs === false ? 0 : resolved.queryTimeoutMs,
        stream: resolved.pg.stream,
        circuit: guard.circuit,
        slow: guard.slow,
        hooks,
        sqlComments: resolved.monitor !== false && resolved.monitor.sqlComments,
        dial: (signal) => dialer.dial(signal),
        expiry: (now) => expiry(now, resolved.maxLifetimeMs),
      },
      (event, entry, error) => {
        if (event === 'connect') maintenance.start();
        tell(this, resolved, event, entry, error);
      },
    );
    guard.guard(bag);
    const maintenance = new Maintenance(bag, resolved);
    const retrier = new Retrier(resolved.retry, resolved.cancelOnDisconnect, (hasSucceeded) =>
      hooks.onRetried(hasSucceeded),
    );
    const stacks = new StackBudget();
    const runner = new Runner(bag, resolved.name, retrier, stacks, () => this.listenerCount('acquire') > 0);
    const resolver = new CommitResolver((signal) => dialer.dial(signal));
    const verifier = new Verifier(resolver, resolved.logger, resolved.name);
    const transactions = new Transactions(runner, bag, resolved, verifier);
    const inspection = new Inspection((signal) => dialer.dialUntil(signal), guard.circuit);
    const own: Parts = {
      pool: this,
      bag,
      guard,
      runner,
      transactions,
      resolver,
      inspection,
      monitor: new PoolMonitor(resolved, bag, inspection, hooks, stacks),
      maintenance,
      resolved,
      views: undefined,
      ended: undefined,
    };
    // console.log of a pool shows what pg.Pool's shows.
    Object.defineProperty(this, parts, { value: own });
  }

  /** The pool's name, as errors and logs have it. */
  get name(): string {
    return this[parts].resolved.name;
  }

  get totalCount(): number {
    return this[parts].bag.total;
  }

  get idleCount(): number {
    return this[parts].bag.idle.length;
  }

  /** Calls that wait for a connection. */
  get waitingCount(): number {
    return this[parts].bag.waiters.size;
  }

  get expiredCount(): number {
    const now = this[parts].bag.deadlines.now();
    let expired = 0;
    for (const entry of this[parts].bag.entries) if (entry.expiresAt <= now) expired += 1;
    return expired;
  }

  /**
   * The circuit breaker of this pool's database: its state and its events, `mode`, `isolate()` and `resume()`. What is
   * run on a client that is checked out, and in a transaction that has begun, goes on while it is open.
   */
  get circuit(): Circuit {
    return this[parts].guard.circuit;
  }

  /** How it is set up, and how its circuit stands: for people, and for tests. Nothing secret is in it. */
  describe(): PoolDescription {
    const { resolved, bag } = this[parts];
    return describePool(resolved, bag);
  }

  /** What the pool's monitor knows, in one object: as `GET /metrics/database` answers. */
  getPoolMetrics(): PoolMetrics {
    return this[parts].monitor.metrics();
  }

  /** How the pool is: its connections, how long calls wait for one, and what should be looked at. */
  getHealthStatus(): HealthStatus {
    return this[parts].monitor.monitor.health();
  }

  /**
   * The statements that were run, by their fingerprints: never a value of one.
   *
   * @throws ConfigurationError for an option that is unknown or impossible
   */
  getQueryPerformance(options?: QueryPerformanceOptions): QueryPerformance[] {
    return this[parts].monitor.performance(options);
  }

  /**
   * The latest statements that took longer than `monitor.slowQueryThresholdMs`, with their plans.
   *
   * @throws ConfigurationError for an option that is unknown or impossible
   */
  getSlowQueries(options?: SlowQueriesOptions): SlowQuery[] {
    return this[parts].monitor.slowQueries(options);
  }

  /** Clients that are checked out for longer than `monitor.leakThresholdMs`, and who has asked for them. */
  detectConnectionLeaks(): LeakWarning[] {
    return this[parts].monitor.monitor.leaks.suspected();
  }

  /**
   * The server's own view: its sessions, locks, size, replication. Asked for at most every 15 s, on a connection beside the
   * pool's. What this role may not see is absent, and named in `not_visible`.
   */
  getServerView(): Promise<ServerReport> {
    return this[parts].monitor.monitor.server.read();
  }

  /** The last reason why no connection could be opened; undefined since one was. */
  get lastConnectError(): Error | undefined {
    return this[parts].bag.lastDialError;
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
        this[parts].runner.queryWithCallback(this[viewed], config, values, callback as QueryCallback);
        return undefined;
      }
      return this[parts].runner.query(this[viewed], config, values);
    } as pg.Pool['query'];
  }

  /**
   * Checks a client out. Give it back with `client.release()`, or close it with `client.release(true)`.
   *
   * @throws AcquireTimeoutError no connection became free within `acquireTimeoutMs`
   * @throws DeadlineExceededError none became free before the deadline of the request
   * @throws CancelledError the request's client left, or the view's signal was aborted, before one became free
   * @throws ConnectionLostError the server was not reached
   * @throws ShuttingDownError after `end()`
   */
  connect(): Promise<pg.PoolClient>;
  connect(callback: ConnectCallback): void;
  connect(options: ConnectOptions): Promise<pg.PoolClient>;
  connect(how?: ConnectCallback | ConnectOptions): Promise<pg.PoolClient> | void {
    const view = this[viewed];
    const { runner, bag } = this[parts];
    if (typeof how === 'function') {
      const bound = boundToCaller(how);
      runner.connect(view, (error, entry) => {
        if (error !== undefined) bound(bag.mode.told(error), undefined, () => undefined);
        // An idle connection is there at once, but a callback is never called before connect() has returned.
        else process.nextTick(bound, undefined, entry.client, checkOut(bag, entry, view));
      });
      return undefined;
    }
    const longLived = isLongLived(how);
    return new Promise<pg.PoolClient>((resolve, reject) => {
      runner.connect(view, (error, entry) => {
        if (error !== undefined) {
          reject(bag.mode.told(error));
        } else {
          checkOut(bag, entry, view);
          if (longLived) entry.keepLong();
          resolve(entry.client);
        }
      });
    }).catch(rethrowFromCaller);
  }

  /**
   * Runs a statement as `query` does, with an explicit word on how it may be repeated.
   *
   * @throws ConfigurationError for an option that is unknown or impossible
   */
  async executeWithRetry<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string | pg.QueryConfig,
    values?: unknown[],
    options: ExecuteOptions = {},
  ): Promise<pg.QueryResult<Row>> {
    checkExecuteOptions(options);
    const declared = { ...this[viewed], ...options };
    return this[parts].runner.query(this[viewed], text, values, declared) as Promise<pg.QueryResult<Row>>;
  }

  /**
   * Runs `fn` in a transaction: committed when it returns, rolled back on whatever it throws, replayed as a whole after a
   * serialization failure, a deadlock, or the loss of its connection before COMMIT. So `fn` may be called several times;
   * what it does beyond the database belongs into `tx.afterCommit`.
   *
   * Where it rejects, nothing is stored, unless the error's `outcome` is `unknown`.
   *
   * @returns what `fn` returned in the attempt that was committed
   * @throws CommitOutcomeUnknownError the answer to COMMIT was lost, and nothing proves what became of it
   * @throws TransactionRolledBackError a statement had failed, and `fn` returned nevertheless
   * @throws DeadlineExceededError `fn` had not ended before `timeoutMs` or the deadline of the request
   * @throws ConfigurationError for an option that is unknown or impossible
   */
  transaction<T>(fn: (tx: Transaction) => T | PromiseLike<T>, options: TransactionOptions = {}): Promise<T> {
    return this[parts].transactions.run(this[viewed], fn, options);
  }

  /**
   * The same pool, used in another way: a light object that is a pool to whatever takes one. A view of a view has the
   * options of both.
   *
   * @throws ConfigurationError for an option that is unknown or impossible
   */
  withOptions(options: ViewOptions): ResilientPool {
    checkViewOptions(options);
    return this[inView]({ ...this[viewed], ...options });
  }

  /** @internal */
  get [insideOf](): Inside {
    const { bag, guard, monitor } = this[parts];
    return {
      hooks: bag.hooks,
      statements: monitor.monitor.statements,
      slowQueryThresholdMs: monitor.slowQueryThresholdMs,
      isMonitored: monitor.isOn,
      counts: () => monitor.counts(),
      leaks: () => monitor.monitor.leaks.total,
      suspectedLeaks: () => monitor.monitor.leaks.suspects,
      askForHealth: (signal) => guard.askForHealth(signal),
    };
  }

  /** @internal */
  get [modeOf](): Mode {
    return this[parts].bag.mode;
  }

  /** @internal */
  [inView](view: View): ResilientPool {
    const own = this[parts];
    own.views ??= viewPrototype(own.pool);
    return Object.create(own.views, { [viewed]: { value: view } }) as ResilientPool;
  }

  /**
   * Closes the pool: refuses new work at once, waits up to `drainTimeoutMs` for the clients that are out, then
   * cancels what they run and closes them. Called again, it gives the same promise.
   */
  end(): Promise<void>;
  end(callback: () => void): void;
  end(callback?: () => void): Promise<void> | void {
    const own = this[parts];
    own.ended ??= close(own);
    if (callback === undefined) return own.ended;
    void own.ended.then(boundToCaller(callback));
    return undefined;
  }

  /** Opens connections up to `min` now, in the background, rather than after the first use. */
  warmUp(): void {
    this[parts].maintenance.start();
  }
}

async function close({ pool, bag, guard, resolver, maintenance, inspection, monitor, resolved }: Parts): Promise<void> {
  pool.ending = true;
  maintenance.stop();
  guard.close();
  bag.mode.close();
  bag.close();
  monitor.monitor.close();
  inspection.close();
  await drain(bag, resolver, guard, inspection, resolved.drainTimeoutMs);
  pool.ended = true;
}

function checkOut(bag: Bag, entry: PoolEntry, view: View | undefined): Done {
  let released = false;
  entry.view = view;
  const release: Done = (error) => {
    if (released) throw new Error('Release called on client which has already been released to the pool.');
    released = true;
    bag.release(entry, error);
  };
  entry.client.release = release;
  return release;
}

/** Jittered down by up to a tenth, so that connections opened together do not expire together. */
function expiry(now: number, maxLifetimeMs: number): number {
  return maxLifetimeMs === 0 ? Infinity : now + maxLifetimeMs * (1 - Math.random() / 10);
}
