import { boolean, callback, either, explained, findProblem, integer, oneOf, record } from '../../core/options.js';
import type { Rule, Rules } from '../../core/options.js';
import { ConfigurationError } from '../../errors/errors.js';
import { noHooks } from '../../monitor/hooks.js';
import type { PoolHooks } from '../../monitor/hooks.js';
import type { MonitorSettings } from '../../monitor/monitor.js';
import type { Environment } from './environment.js';

/** Options of `monitor`. */
export interface MonitorOptions {
  /**
   * Milliseconds from which on a statement is slow: it is logged, with its plan and without its values. 0 (each) to
   * 2147483647. Default: `SLOW_QUERY_THRESHOLD_MS`, else 1000.
   */
  slowQueryThresholdMs?: number | undefined;
  /**
   * Whether the plan of a slow statement is asked for: by EXPLAIN, which does not run it, on a connection beside the pool's,
   * once an hour for each. Default: true.
   */
  explain?: boolean | undefined;
  /**
   * Milliseconds after which a client that is checked out, with `connect()` or for a transaction, is reported, with the
   * place that asked for it. 10 to 2147483647, or `false` for never. Default: 30000.
   */
  leakThresholdMs?: number | false | undefined;
  /**
   * How often one request may run the same statement, whatever its values, before that is reported as an "N+1". 2 to
   * 1000000, or `false` for never. Default: 20.
   */
  repeatedInRequest?: number | false | undefined;
  /** Of how many acquisitions the times are told. 1 to 100000. Default: 1000. */
  acquisitionSamples?: number | undefined;
  /** Bytes of memory for what is known of single statements, about. 100000 to 1000000000. Default: 2000000. */
  statementBytes?: number | undefined;
  /**
   * Whether statements of a request are sent with a comment that names its route and its trace (`traceparent`), as
   * sqlcommenter does, for whoever reads the server's log or pg_stat_activity. Default: false.
   */
  sqlComments?: boolean | undefined;
  /** Gets the same tidings: for a monitor of your own. See `PoolHooks`. */
  hooks?: Partial<PoolHooks> | undefined;
}

export interface ResolvedMonitorOptions extends MonitorSettings {
  readonly sqlComments: boolean;
  readonly hooks: Partial<PoolHooks> | undefined;
}

/** The longest that a timer takes. */
const longestMs = 2 ** 31 - 1;

const never = explained(oneOf(false), 'false for never');

const rules: Rules<MonitorOptions> = {
  slowQueryThresholdMs: integer(0, longestMs, 'milliseconds'),
  explain: boolean,
  leakThresholdMs: either(integer(10, longestMs, 'milliseconds'), never),
  repeatedInRequest: either(integer(2, 1_000_000), never),
  acquisitionSamples: integer(1, 100_000),
  statementBytes: integer(100_000, 1_000_000_000, 'bytes'),
  sqlComments: boolean,
  hooks: {
    expected: `an object with functions, each one of ${Object.keys(noHooks).join(', ')}`,
    accepts: (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.keys(noHooks).every((name) => {
        const hook = (value as Record<string, unknown>)[name];
        return hook === undefined || callback.accepts(hook);
      }) &&
      // A misspelt one would never be called.
      Object.keys(value).every((name) => !/^on[A-Z]/.test(name) || Object.hasOwn(noHooks, name)),
  },
};

export const monitorRule: Rule = either(
  explained(oneOf(false), 'false for none'),
  explained(record, 'an object of its own options'),
);

/** @throws ConfigurationError for an option or environment variable that is unknown or impossible */
export function resolveMonitor(
  given: MonitorOptions | false | undefined,
  environment: Environment,
): ResolvedMonitorOptions | false {
  if (given === false || (given === undefined && environment.monitoring() === false)) return false;
  const problem = findProblem(rules, given ?? {}, '', 'monitor');
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  const { slowQueryThresholdMs = environment.slowQueryThresholdMs() ?? 1000, explain = true } = given ?? {};
  const { leakThresholdMs = 30_000, repeatedInRequest = 20, acquisitionSamples = 1000 } = given ?? {};
  const { statementBytes = 2_000_000, sqlComments = false, hooks } = given ?? {};
  return Object.freeze({
    ...{ slowQueryThresholdMs, explain, leakThresholdMs, repeatedInRequest },
    ...{ acquisitionSamples, statementBytes, sqlComments, hooks },
  });
}
