import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import { HealthMonitor } from '../health/health-monitor.js';
import { DatabaseMetrics } from '../metrics/database-metrics.js';
import { MetricHooks } from '../metrics/metric-hooks.js';
import { openTelemetry } from '../metrics/opentelemetry.js';
import type { OpenTelemetry } from '../metrics/opentelemetry.js';
import { registerIn } from '../metrics/prom-client.js';
import type { PromClientRegistry } from '../metrics/prom-client.js';
import { PrometheusMetrics } from '../metrics/prometheus.js';
import type { MetricsSource } from '../metrics/source.js';
import { insideOf } from '../pool/resilient-pool.js';
import type { Inside, ResilientPool } from '../pool/resilient-pool.js';
import type { ObservationOptions } from './options.js';

const statusNumbers = { healthy: 0, degraded: 1, unhealthy: 2 } as const;

/** What watches a pool from outside. Each part begins when it is first asked for: who shows nothing pays for nothing. */
export class Observation {
  readonly #db: ResilientPool;
  readonly #inside: Inside;
  readonly #options: ObservationOptions;
  readonly #logger: Logger;
  readonly #unreadyReason: () => string | undefined;
  #health: HealthMonitor | undefined;
  #metrics: DatabaseMetrics | undefined;
  #prometheus: PrometheusMetrics | undefined;
  #openTelemetry: OpenTelemetry | undefined;
  #isClosed = false;

  constructor(db: ResilientPool, options: ObservationOptions, logger: Logger, unreadyReason: () => string | undefined) {
    this.#db = db;
    this.#inside = db[insideOf];
    this.#options = options;
    this.#logger = logger;
    this.#unreadyReason = unreadyReason;
    if (options.openTelemetry === true) {
      this.#startOpenTelemetry().catch(() => {
        // The log has failed, and there is nobody else to tell.
      });
    }
  }

  get health(): HealthMonitor {
    return (this.#health ??= this.#startHealth());
  }

  get metrics(): DatabaseMetrics {
    return (this.#metrics ??= this.#startMetrics());
  }

  get prometheus(): PrometheusMetrics {
    return (this.#prometheus ??= new PrometheusMetrics([this.metrics]));
  }

  registerMetrics(registry: PromClientRegistry): () => void {
    return registerIn(registry, this.metrics);
  }

  close(): void {
    this.#isClosed = true;
    this.#health?.close();
    this.#metrics?.close();
    this.#openTelemetry?.close();
  }

  #startHealth(): HealthMonitor {
    const db = this.#db;
    const { intervalMs: everyMs, timeoutMs } = this.#options.health ?? {};
    const health = new HealthMonitor({
      ...{ name: db.name, logger: this.#logger, everyMs, timeoutMs },
      ask: (signal) => this.#inside.askForHealth(signal),
      state: () => ({
        circuit: db.circuit.state,
        refuses: db.circuit.refuses,
        pool: db.getHealthStatus(),
        ending: db.ending,
        reason: this.#unreadyReason(),
      }),
    });
    if (this.#isClosed) health.close();
    else health.start();
    return health;
  }

  #startMetrics(): DatabaseMetrics {
    const { hooks, isMonitored, statements, slowQueryThresholdMs } = this.#inside;
    const own = new MetricHooks({ statements, slowQueryThresholdMs });
    if (isMonitored) hooks.add(own);
    return new DatabaseMetrics(this.#source(), own);
  }

  #source(): MetricsSource {
    const db = this.#db;
    const inside = this.#inside;
    return {
      database: db.name,
      statements: inside.statements,
      counts: () => inside.counts(),
      circuit: () => ({ state: db.circuit.state, rejections: db.circuit.describe().rejections }),
      leaksSuspected: () => inside.suspectedLeaks(),
      leaksReported: () => inside.leaks(),
      health: () => {
        const { status, probe, checked_at } = this.health.report();
        return {
          status: statusNumbers[status],
          probeMs: probe?.duration_ms,
          probedAt: checked_at === null ? undefined : Date.parse(checked_at),
        };
      },
      onTransition: (listener) => {
        const onChange = ({ to }: { to: string }) => {
          if (to === 'open' || to === 'half-open' || to === 'closed') listener(to);
        };
        db.circuit.on('stateChange', onChange);
        return () => db.circuit.off('stateChange', onChange);
      },
    };
  }

  async #startOpenTelemetry(): Promise<void> {
    try {
      const started = await openTelemetry(this.#source());
      if (started === undefined) {
        const fields = { pool: this.#db.name };
        this.#logger.warn(fields, 'openTelemetry is true, and @opentelemetry/api is not installed: npm install it');
      } else if (this.#isClosed) {
        started.close();
      } else {
        this.#openTelemetry = started;
        if (this.#inside.isMonitored) this.#inside.hooks.add(started.hooks);
      }
    } catch (error) {
      const fields = { pool: this.#db.name, err: pinoErrorSerializer(error) };
      this.#logger.error(fields, 'OpenTelemetry could not be used; all else goes on');
    }
  }
}
