import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import type { Logger } from '../../core/logger.js';
import type { ClientClass } from '../guarded-client.js';
import type { CircuitOptions, ResolvedCircuitOptions } from './circuit.js';
import type { MonitorOptions, ResolvedMonitorOptions } from './monitor.js';
import type { ResolvedRetryOptions, RetryOptions } from './retry.js';

/**
 * Options of a `ResilientPool`. What the code does not give comes from the environment, what neither gives has a
 * default; an option that is unknown, impossible or contradicts another is a `ConfigurationError`.
 *
 * The server is named by `connectionString` or by `host`, `port`, `user` and `database`; where the code gives none of
 * these, by `DATABASE_URL`; what is still missing comes from the PG* variables and from pg's own defaults.
 */
export interface ResilientPoolOptions extends ConnectionOptionsOfPg, PoolOptionsOfPg {
  /** Names the pool in errors and logs. 1 to 63 characters. Default: `primary`. */
  name?: string | undefined;

  /**
   * Milliseconds that `connect()` and `query()` wait for a connection, opening one included. 1 to 2147483647.
   * Default: `CONNECTION_TIMEOUT_SECONDS`, else 30000. There is no value for "without end".
   */
  acquireTimeoutMs?: number | undefined;

  /**
   * Milliseconds that a statement may take before it is cancelled on the server. 1 to 2147483647, or `false` for no
   * limit. Default: 30000.
   */
  queryTimeoutMs?: number | false | undefined;

  /**
   * Milliseconds that the connection of a cancelled statement has to prove that it is clean, before it is destroyed
   * instead of being used again. 100 to 60000. Default: 2000.
   */
  cancelGraceMs?: number | undefined;

  /**
   * What is cancelled when the HTTP client of a request leaves before it has its answer. `reads`: what waits for a
   * connection, and statements outside a transaction that only read, judged by their words; a write runs on. `all`:
   * whatever runs or waits. `false`: nothing. A COMMIT is never cancelled. Default: `reads`.
   */
  cancelOnDisconnect?: 'reads' | 'all' | false | undefined;

  /**
   * What becomes of statements that failed: those that were not executed, or were undone by the server for a reason
   * that passes, are sent again after a pause, within the deadline and a budget; what may have run only where it is
   * declared read-only or idempotent. `false`: never, nor are transactions replayed. Default: 3 retries.
   */
  retry?: RetryOptions | false | undefined;

  /**
   * `observe`: what the policies would do is counted and logged, and not done: no time-out, deadline, retry or refusal, and
   * errors are pg's own. What is asked for by hand holds: pg's `connectionTimeoutMillis` and `query_timeout`,
   * `withOptions`, `withTimeout`, `runWithDeadline`, `transaction`, `executeWithRetry`. For adopting the package on a
   * running service. Default: `enforce`.
   */
  mode?: 'enforce' | 'observe' | undefined;

  /**
   * The circuit breaker: while the database is unreachable or ill, calls are refused at once with `CircuitOpenError`, and
   * probes find out when it is back. `false` is `{ mode: 'off' }`. Default: on.
   */
  circuit?: CircuitOptions | false | undefined;

  /**
   * What is measured and reported of the pool's work: connections, statements, slow ones with their plans, leaks. `false`:
   * nothing. Default: on, unless `MONITORING_ENABLED` says no.
   */
  monitor?: MonitorOptions | false | undefined;

  /**
   * Whether `transaction()` asks for the transaction's id before COMMIT, so that it can find out what became of a COMMIT
   * whose answer was lost. Costs a round trip a transaction that wrote. Default: true.
   */
  verifyCommit?: boolean | undefined;

  /**
   * A connection that was idle for longer than this many milliseconds is asked for a sign of life before it is lent.
   * 0 (always) to 2147483647, or `false` for never. Default: 1000.
   */
  pingAfterIdleMs?: number | false | undefined;

  /**
   * Milliseconds within which that sign of life must come; less than `acquireTimeoutMs`. 10 to 60000.
   * Default: 1000, or half of a shorter `acquireTimeoutMs`.
   */
  pingTimeoutMs?: number | undefined;

  /**
   * Whether a returned connection forgets its session (SET, LISTEN, temporary tables, advisory locks) by DISCARD ALL.
   * Costs a round trip a checkout. Default: false, as in pg.
   */
  resetOnRelease?: boolean | undefined;

  /**
   * Whether the server is told to end by itself what our time-outs could not: `statement_timeout` and
   * `idle_in_transaction_session_timeout` of `queryTimeoutMs` + `cancelGraceMs` + 1000 ms, each only where it is not
   * set in another way (its own option, `options`, the connection string, PGOPTIONS). Default: true.
   */
  serverTimeouts?: boolean | undefined;

  /**
   * Milliseconds that `end()` waits for clients that are checked out before it destroys them. 0 to 2147483647.
   * Default: 30000.
   */
  drainTimeoutMs?: number | undefined;

  /** Gets warnings and errors as `(fields, message)`, as pino does. Default: nothing is logged. */
  logger?: Logger | undefined;

  /** Anything else for pg's `Client`, passed on unread. Options that are named here stand at the top level. */
  pg?: Record<string, unknown> | undefined;
}

/** pg's own names, which mean here what they mean there. */
interface ConnectionOptionsOfPg {
  /** `postgres://user:password@host:port/database?sslmode=…`. What it says must not differ from what stands beside it. */
  connectionString?: string | undefined;
  /** Host name, address, or the folder of a Unix socket. Default: PGHOST, else `localhost`. */
  host?: string | undefined;
  /** 1 to 65535. Default: PGPORT, else 5432. */
  port?: number | undefined;
  /** Default: PGUSER, else the user of the operating system. */
  user?: string | undefined;
  /**
   * A string, or a function that is asked for it at every new connection (rotation, IAM tokens).
   * Goes before the one in a connection string. Default: PGPASSWORD.
   */
  password?: string | (() => string | Promise<string>) | undefined;
  /** Default: PGDATABASE, else the user's name. */
  database?: string | undefined;
  /** TLS: a boolean or the options of `tls.connect`, exactly as in pg. Default: as PGSSLMODE says, else none. */
  ssl?: boolean | ConnectionOptions | undefined;
  /** `direct` begins TLS without asking first (PostgreSQL 17 or later; pg 8.21 does not know it); needs TLS. Default: PGSSLNEGOTIATION, else `postgres`. */
  sslnegotiation?: 'postgres' | 'direct' | undefined;
  /** Shown in pg_stat_activity. Default: PGAPPNAME, else `fallback_application_name`. */
  application_name?: string | undefined;
  /** Shown where nothing else names the application. Default: `express-db-resilience`. */
  fallback_application_name?: string | undefined;
  /** Default: the server's; pg itself reads UTF-8. */
  client_encoding?: string | undefined;
  /** Options for the server's command line, such as `-c search_path=app`. Default: PGOPTIONS. */
  options?: string | undefined;
  /** TCP keep-alive, which notices a peer that vanished. Default: true (pg: false). */
  keepAlive?: boolean | undefined;
  /** Milliseconds of silence before the first keep-alive packet. 0 (the system's, mostly 2 hours) to 2147483647. Default: 10000. */
  keepAliveInitialDelayMillis?: number | undefined;
  /** Milliseconds after which the server ends a statement. 0 to 2147483647; 0 or `false` for none. Default: see `serverTimeouts`. */
  statement_timeout?: number | false | undefined;
  /** Milliseconds that a statement may wait for a lock. 0 to 2147483647; 0 or `false` for the server's own. */
  lock_timeout?: number | false | undefined;
  /** Milliseconds after which the server ends a session that idles in a transaction. 0 to 2147483647; 0 or `false` for none. Default: see `serverTimeouts`. */
  idle_in_transaction_session_timeout?: number | false | undefined;
  /** pg's name for `queryTimeoutMs`; 0 or `false` for none. */
  query_timeout?: number | false | undefined;
  /** Type parsers, as in pg. */
  types?: pg.CustomTypesConfig | undefined;
  /** Makes the socket of each connection. Default: a TCP or Unix socket. */
  stream?: pg.ClientConfig['stream'];
  /** Results in binary form. Default: false. */
  binary?: boolean | undefined;
  /** SCRAM-SHA-256-PLUS where the server offers it. Default: false. */
  enableChannelBinding?: boolean | undefined;
  /** The most SCRAM iterations that a server may ask for. 0 (any) to 2147483647. Default: 100000, pg's. */
  scramMaxIterations?: number | undefined;
  /** Opens replication connections: `database`, or a boolean. Default: none. */
  replication?: string | boolean | undefined;
  /** `pg.Client` or a subclass of it, for every connection. Default: `pg.Client`. */
  Client?: (new () => pg.ClientBase) | undefined;
}

/** pg-pool's own names. */
interface PoolOptionsOfPg {
  /** The most connections. 1 to 10000. Default: `DB_MAX_CONNECTIONS`, else 20. */
  max?: number | undefined;
  /** Connections that are kept open. 0 to `max`. Default: `DB_MIN_CONNECTIONS`, else 2, or `max` where that is less. */
  min?: number | undefined;
  /** Milliseconds after which an idle connection above `min` is closed. 0 (or null: never) to 2147483647. Default: 10000. */
  idleTimeoutMillis?: number | null | undefined;
  /** pg-pool's name for `acquireTimeoutMs`. 0, which waits without end there, is refused. */
  connectionTimeoutMillis?: number | undefined;
  /** A connection is closed after this many checkouts. 1 or more. Default: Infinity. */
  maxUses?: number | undefined;
  /** Seconds after which a connection is closed, less up to 10 % by chance so that not all close at once. 0 (never) to 2147483. Default: 1800. */
  maxLifetimeSeconds?: number | undefined;
  /** Whether idle connections let the process exit. Default: false. */
  allowExitOnIdle?: boolean | undefined;
  /** Runs on every new connection before it is lent; a promise is awaited, a throw closes it. */
  onConnect?: ((client: pg.ClientBase) => void | Promise<void>) | undefined;
  /** Runs on every new connection after `onConnect`; `done(error)` closes it. */
  verify?: ((client: pg.PoolClient, done: (error?: Error) => void) => void) | undefined;
  /** Gets the pool's trace as strings. */
  log?: ((...messages: unknown[]) => void) | undefined;
}

/** The outcome of `resolvePoolOptions`: frozen, complete, and safe to print. */
export interface ResolvedPoolOptions {
  readonly name: string;
  readonly mode: 'enforce' | 'observe';
  /** Time-outs that were set by pg's own names. */
  readonly byHand: { readonly acquireTimeout: boolean; readonly queryTimeout: boolean };
  readonly max: number;
  readonly min: number;
  readonly acquireTimeoutMs: number;
  readonly queryTimeoutMs: number | false;
  readonly cancelGraceMs: number;
  readonly cancelOnDisconnect: 'reads' | 'all' | false;
  readonly retry: ResolvedRetryOptions;
  readonly circuit: ResolvedCircuitOptions;
  readonly verifyCommit: boolean;
  readonly pingAfterIdleMs: number | false;
  readonly pingTimeoutMs: number;
  readonly resetOnRelease: boolean;
  readonly serverTimeouts: boolean;
  readonly drainTimeoutMs: number;
  /** 0: idle connections stay. */
  readonly idleTimeoutMs: number;
  /** 0: connections live as long as they can. */
  readonly maxLifetimeMs: number;
  readonly maxUses: number;
  readonly allowExitOnIdle: boolean;
  readonly onConnect: ResilientPoolOptions['onConnect'];
  readonly verify: ResilientPoolOptions['verify'];
  readonly log: (...messages: unknown[]) => void;
  readonly logger: Logger;
  readonly Client: ClientClass;
  readonly monitor: ResolvedMonitorOptions | false;
  /** Not enumerable: these URLs carry passwords. */
  readonly readReplicaUrls: readonly string[];
  /** Time-outs for the server to enforce, where nobody has set them otherwise. */
  readonly backstops: Backstops;
  /**
   * The connection itself. The password, TLS material and `pg: {}` are not enumerable, so a spread loses them:
   * `clientConfig` makes what pg's Client takes.
   */
  readonly pg: Readonly<pg.ClientConfig>;
}

export interface Backstops {
  readonly statement_timeout?: number;
  readonly idle_in_transaction_session_timeout?: number;
}
