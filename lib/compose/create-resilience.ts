import { silentLogger } from '../core/logger.js';
import type { HealthMonitor } from '../health/health-monitor.js';
import type { PromClientRegistry } from '../metrics/prom-client.js';
import { initializeSchema } from '../migrate/initialize-schema.js';
import type { SchemaOptions } from '../migrate/initialize-schema.js';
import { MigrationManager } from '../migrate/manager.js';
import type { Logger } from '../core/logger.js';
import { ResilientPool } from '../pool/resilient-pool.js';
import { Observation } from './observation.js';
import { splitOptions } from './options.js';
import type { ResilienceOptions } from './options.js';
import { Readiness } from './readiness.js';
import type { UnreadyReason } from './readiness.js';
import { SchemaGate } from './schema-gate.js';

/** A database with all that keeps the application standing when it fails. */
export interface Resilience {
  /** The pool: a `pg.Pool`, to be handed to whatever takes one. */
  readonly db: ResilientPool;

  /**
   * Whether there is a connection, or was one before the pool became idle, and the schema is there. It costs nothing to ask: while connections
   * are open nothing is sent, so a server that fell silent is noticed when the traffic's statements time out.
   */
  readonly isReady: boolean;

  /** Why `isReady` is false; undefined while it is true. Names no host and no secret. */
  readonly unreadyReason: UnreadyReason | undefined;

  /**
   * Resolves when there is a connection, and the schema is there: at once where they are. Until then it keeps the process
   * alive.
   *
   * It has no end of its own, because a database may come up, and a password may be set right, while the application
   * runs; failures are logged. For an end: `withTimeout(resilience.ready(), 10_000)`.
   *
   * @throws ShuttingDownError once `close()` has been called
   */
  ready(): Promise<void>;

  /**
   * Asks the database every few seconds on a connection of its own, from the first look at this on, and answers from
   * memory: `healthMonitor.report()`.
   */
  readonly healthMonitor: HealthMonitor;

  /** The metrics in Prometheus's text format; at most a second old. They are counted from the first call of this on. */
  prometheus(): string;

  /**
   * Puts the metrics into a registry of prom-client, beside the application's own.
   *
   * @returns takes them out again
   * @throws ConfigurationError where the registry has metrics of these names already
   */
  registerMetrics(registry: PromClientRegistry): () => void;

  /**
   * Not ready from now on; refuses new work, waits up to `drainTimeoutMs` for the work under way, then closes every
   * connection. Called again, it gives the same promise. Never rejects.
   */
  close(): Promise<void>;
}

/**
 * Builds everything that needs no Express: for workers and scripts. It connects on the next turn without waiting for
 * traffic, and tries until it succeeds: pauses with full jitter that grow from 100 ms to 5 s; 5 to 10 s where the
 * server refuses for good (wrong password, unknown database, unfit TLS), which is logged as an error with the advice.
 * The same again when every connection is lost. None of this keeps the process alive.
 *
 * @throws ConfigurationError for an option or environment variable that is unknown, impossible or contradicts another
 */
export function createResilience(options: ResilienceOptions = {}): Resilience {
  const { pool, own } = splitOptions(options);
  const db = new ResilientPool(pool);
  const logger = pool.logger ?? silentLogger;
  const readiness = new Readiness(db, logger);
  const gate = own.schema ? schemaGate(db, own.schema, logger) : undefined;
  const unreadyReason = () => readiness.unreadyReason ?? gate?.unreadyReason;
  const observation = new Observation(db, own, logger, unreadyReason);
  let closed: Promise<void> | undefined;
  readiness.start();
  gate?.start();
  return {
    db,
    get isReady() {
      return unreadyReason() === undefined;
    },
    get unreadyReason() {
      return unreadyReason();
    },
    ready: async () => {
      await readiness.ready();
      await gate?.ready();
    },
    get healthMonitor() {
      return observation.health;
    },
    prometheus: () => observation.prometheus.render(),
    registerMetrics: (registry) => observation.registerMetrics(registry),
    close: () => {
      readiness.close();
      observation.close();
      closed ??= Promise.all([db.end(), gate?.close()]).then(() => undefined);
      return closed;
    },
  };
}

function schemaGate(db: ResilientPool, schema: SchemaOptions, logger: Logger): SchemaGate {
  const options = { ...schema, logger };
  return new SchemaGate(
    {
      initialize: (signal) => initializeSchema(db, { ...options, signal }),
      isThere: async (signal) => {
        const { migrations, newest } = await new MigrationManager(db, options).status({ signal });
        // As at the start, what newer code has applied is no hindrance.
        return migrations.every(
          ({ state, version }) => state === 'applied' || (state === 'vanished' && version > newest),
        );
      },
    },
    db.name,
    logger,
  );
}
