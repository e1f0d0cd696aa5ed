import { findProblem, integer, oneOf } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import { givenHooks } from '../monitor/given-hooks.js';
import type { HookList } from '../monitor/hook-list.js';
import { Monitor } from '../monitor/monitor.js';
import type {
  ConnectionCounts,
  PoolConfigReport,
  PoolMetrics,
  QueryOrder,
  QueryPerformance,
  SlowQuery,
} from '../monitor/reports.js';
import type { Bag } from './bag.js';
import type { Inspection } from './inspection.js';
import type { ResolvedPoolOptions } from './options/index.js';
import type { StackBudget } from './stack-budget.js';

/** Which statements `getQueryPerformance` tells of. */
export interface QueryPerformanceOptions {
  /** 1 to 1000. Default: 10. */
  limit?: number | undefined;
  /** What the first of them have the most of. Default: `total`. */
  sort?: QueryOrder | undefined;
}

export interface SlowQueriesOptions {
  /** The latest so many; no more than 50 are kept. 1 to 50. Default: 10. */
  limit?: number | undefined;
}

const performanceRules: Rules<QueryPerformanceOptions> = {
  limit: integer(1, 1000),
  sort: oneOf('total', 'mean', 'calls', 'max', 'errors'),
};
const slowRules: Rules<SlowQueriesOptions> = { limit: integer(1, 50) };

/** The monitor of a pool, and what the pool tells of it. Where it is switched off, it is told nothing, and knows nothing. */
export class PoolMonitor {
  readonly monitor: Monitor;
  readonly #options: ResolvedPoolOptions;
  readonly #bag: Bag;
  /** What is told is taken notice of. */
  isOn: boolean;

  constructor(options: ResolvedPoolOptions, bag: Bag, inspection: Inspection, hooks: HookList, stacks: StackBudget) {
    const { name, logger, monitor: own } = options;
    this.#options = options;
    this.#bag = bag;
    this.isOn = own !== false;
    this.monitor = new Monitor({
      ...(own === false ? off : own),
      ...{ name, logger },
      counts: () => this.counts(),
      circuit: () => ({ circuitState: bag.circuit.state, refuses: bag.circuit.refuses }),
      inspect: inspection.inspect,
      onLeak: ({ borrower }) => {
        if (borrower.stack === undefined) stacks.onUnknownBorrower(bag.deadlines.now());
      },
    });
    if (own === false) return;
    hooks.add(this.monitor, () => {
      this.isOn = false;
      this.monitor.close();
    });
    if (own.hooks === undefined) return;
    const given = givenHooks(own.hooks, (error) => hooks.drop(given, error));
    hooks.add(given);
  }

  get slowQueryThresholdMs(): number {
    return this.#settings.slowQueryThresholdMs;
  }

  counts(): ConnectionCounts {
    const { total: size, active, idle, waiting, max } = this.#bag.counts();
    return { size, active, idle, waiting, max };
  }

  metrics(): PoolMetrics {
    return {
      monitoring_enabled: this.isOn,
      health_status: this.monitor.health(),
      slow_queries: this.monitor.slow.list(10),
      pool_config: this.#config(),
      leak_warnings: this.monitor.leaks.suspected(),
    };
  }

  performance(options: QueryPerformanceOptions = {}): QueryPerformance[] {
    check(performanceRules, 'getQueryPerformance', options);
    const { limit: most = 10, sort = 'total' } = options;
    return this.monitor.queries.performance({ limit: most, sort });
  }

  slowQueries(options: SlowQueriesOptions = {}): SlowQuery[] {
    check(slowRules, 'getSlowQueries', options);
    return this.monitor.slow.list(options.limit ?? 10);
  }

  get #settings() {
    const { monitor } = this.#options;
    return monitor === false ? off : monitor;
  }

  #config(): PoolConfigReport {
    const { name, max, min, acquireTimeoutMs, queryTimeoutMs, mode } = this.#options;
    const { slowQueryThresholdMs, leakThresholdMs } = this.#settings;
    return {
      ...{ name, max, min, mode },
      acquire_timeout_ms: acquireTimeoutMs,
      query_timeout_ms: queryTimeoutMs,
      slow_query_threshold_ms: slowQueryThresholdMs,
      leak_threshold_ms: leakThresholdMs,
    };
  }
}

const off = {
  slowQueryThresholdMs: 1000,
  explain: false,
  leakThresholdMs: false,
  repeatedInRequest: false,
  acquisitionSamples: 1,
  statementBytes: 100_000,
} as const;

function check<Options>(rules: Rules<Options>, method: string, options: unknown): void {
  const problem = findProblem(rules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, `${method}: ${problem.message}`);
}
