import { ConfigurationError } from '../errors/errors.js';
import type { DatabaseMetrics } from './database-metrics.js';

/** Prometheus refuses two series with the same labels. */
export function requireDistinctNames(databases: readonly DatabaseMetrics[]): void {
  const names = databases.map(({ database }) => database);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new ConfigurationError(
    'name',
    `Two databases are called "${twice}", and their metrics cannot be told apart. Give each pool a name of its own`,
  );
}
