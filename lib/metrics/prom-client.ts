import { ConfigurationError } from '../errors/errors.js';
import type { DatabaseMetrics } from './database-metrics.js';
import { requireDistinctNames } from './distinct-names.js';
import { families } from './families.js';
import type { Family } from './family.js';

/**
 * What is needed of a prom-client `Registry` (15 or later). By its shape: prom-client is not imported, so that it may be
 * any copy of it.
 */
export interface PromClientRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

interface Registered {
  readonly databases: Set<DatabaseMetrics>;
  readonly metrics: readonly PromClientMetric[];
}

const registrations = new WeakMap<PromClientRegistry, Registered>();

/**
 * Shows a database's metrics in the application's own registry, beside its other metrics. Several databases share the
 * metrics there; the same one twice is there once.
 *
 * @returns takes the database out again, and with the last one the metrics
 * @throws ConfigurationError where the registry has a metric of the same name, or a database of the same name
 */
export function registerIn(registry: PromClientRegistry, database: DatabaseMetrics): () => void {
  const registered = registrations.get(registry) ?? create();
  const { databases, metrics } = registered;
  requireDistinctNames([...new Set([...databases, database])]);
  for (const metric of metrics) metric.requirePlace(registry);
  registrations.set(registry, registered);
  databases.add(database);
  // Not only the first time: the application may have cleared its registry.
  for (const metric of metrics) metric.enter(registry);
  return () => {
    if (!databases.delete(database) || databases.size > 0) return;
    for (const metric of metrics) metric.leave(registry);
  };
}

function create(): Registered {
  const databases = new Set<DatabaseMetrics>();
  return { databases, metrics: families.map((family) => new PromClientMetric(family, databases)) };
}

/** In the shape in which a registry reads its metrics: prom-client's own cannot be set to a count. */
class PromClientMetric {
  /** A registry of the OpenMetrics kind takes `_total` away from it, and puts it behind each series. */
  name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly #family: Family;
  readonly #databases: ReadonlySet<DatabaseMetrics>;

  constructor(family: Family, databases: ReadonlySet<DatabaseMetrics>) {
    this.name = family.name;
    this.help = family.help;
    this.type = family.type;
    this.aggregator = family.aggregator;
    this.#family = family;
    this.#databases = databases;
  }

  requirePlace(registry: PromClientRegistry): void {
    const { name } = this.#family;
    const present = registry.getSingleMetric(name);
    if (present === undefined || present === this) return;
    throw new ConfigurationError(
      'registry',
      `The registry has a metric ${name} already, which this package has not put there`,
    );
  }

  enter(registry: PromClientRegistry): void {
    if (registry.getSingleMetric(this.#family.name) === this) return;
    this.name = this.#family.name;
    registry.registerMetric(this as never);
  }

  leave(registry: PromClientRegistry): void {
    const { name } = this.#family;
    if (registry.getSingleMetric(name) === this) registry.removeSingleMetric(name);
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = [...this.#databases].flatMap((database) =>
      this.#family.read(database).map(({ suffix, labels, value }) => ({
        value,
        labels: { database: database.database, ...labels },
        ...(suffix === undefined ? {} : { metricName: name + suffix }),
      })),
    );
    return { name, help, type, aggregator, values };
  }

  /** `resetMetrics()` of a registry: the counts are not its own, others read them too. */
  reset(): void {}
}
