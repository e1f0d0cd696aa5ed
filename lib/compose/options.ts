import { boolean, either, explained, findProblem, integer, isPlainObject, oneOf, record } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import type { SchemaOptions } from '../migrate/initialize-schema.js';
import { resolveMigrationSettings } from '../migrate/settings.js';
import type { ResilientPoolOptions } from '../pool/options/index.js';

/** Options of `health`. */
export interface HealthOptions {
  /**
   * Milliseconds between two probes of the health monitor, on the average, less or more by up to 20 %. 100 to 3600000.
   * Default: 5000.
   */
  intervalMs?: number | undefined;
  /** Milliseconds after which a probe has failed. 10 to 60000. Default: 2000. */
  timeoutMs?: number | undefined;
}

/** What there is beside the options of the pool. */
export interface ObservationOptions {
  /** The background probe behind `/health` and the metrics. It begins when somebody asks for one of them. */
  health?: HealthOptions | undefined;
  /**
   * Whether metrics and spans go to OpenTelemetry as well, by `@opentelemetry/api`, which has to be installed, and whose
   * providers have to be registered before. Default: false.
   */
  openTelemetry?: boolean | undefined;
  /**
   * The migrations that the database is to have: what is pending is applied at the start, by one instance of many, and none
   * is ready before. `false`: none. Default: none.
   */
  schema?: SchemaOptions | false | undefined;
}

/** Options of `createResilience`. */
export interface ResilienceOptions extends ResilientPoolOptions, ObservationOptions {}

const healthRules: Rules<HealthOptions> = {
  intervalMs: integer(100, 3_600_000, 'milliseconds'),
  timeoutMs: integer(10, 60_000, 'milliseconds'),
};

export const observationRules: Rules<ObservationOptions> = {
  health: explained(record, 'an object of its own options'),
  openTelemetry: boolean,
  schema: either(explained(record, 'an object of its own options'), oneOf(false)),
};

/** @throws ConfigurationError for an option of ours that is impossible; what is the pool's, the pool looks at */
export function splitOptions(options: ResilienceOptions): { pool: ResilientPoolOptions; own: ObservationOptions } {
  if (!isPlainObject(options)) return { pool: options, own: {} };
  const { health, openTelemetry, schema, ...pool }: ResilienceOptions = options;
  const own = { health, openTelemetry, schema };
  const problem = findProblem(observationRules, own) ?? (health && findProblem(healthRules, health, '', 'health'));
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  if (schema) resolveMigrationSettings(schema, 'schema');
  return { pool, own };
}
