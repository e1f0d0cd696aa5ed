/** How many connections there are, now. */
export interface ConnectionCounts {
  readonly size: number;
  readonly active: number;
  readonly idle: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
  readonly max: number;
}

/** `getHealthStatus()`. Times are milliseconds over the last acquisitions (1000 of them); 0 where there was none. */
export interface HealthStatus {
  readonly status: 'healthy' | 'warning' | 'critical';
  readonly utilization_pct: number;
  readonly size: number;
  readonly active: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
  /** Calls that got a connection, and that got none, since the pool was made. */
  readonly total_acquisitions: number;
  readonly acquisition_failures: number;
  readonly avg_acquisition_ms: number;
  readonly p95_acquisition_ms: number;
  readonly max_acquisition_ms: number;
  /** In words for people; without hosts, SQL and values. */
  readonly warnings: readonly string[];
}

/** One statement, whatever its values: `getQueryPerformance()`. Times are milliseconds. */
export interface QueryPerformance {
  /** 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** Without values and comments. */
  readonly statement: string;
  readonly calls: number;
  readonly errors: number;
  readonly rows: number;
  readonly total_ms: number;
  readonly mean_ms: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** ISO 8601. */
  readonly last_run: string;
}

/** Total time, mean time, number of calls, longest time, number of errors. */
export type QueryOrder = 'total' | 'mean' | 'calls' | 'max' | 'errors';

/** A statement that took longer than the threshold: `getSlowQueries()`. */
export interface SlowQuery {
  readonly fingerprint: string;
  readonly statement: string;
  readonly duration_ms: number;
  readonly rows: number | null;
  readonly request_id: string | null;
  /** SQLSTATE or our own code where it failed. */
  readonly error: string | null;
  /** ISO 8601, of its answer. */
  readonly at: string;
  /** Of EXPLAIN, in its JSON form and without values; null where there is none, or none yet. */
  readonly plan: unknown;
}

/** A connection that is held for longer than the threshold: `detectConnectionLeaks()`. */
export interface LeakWarning {
  readonly held_ms: number;
  /** `file:line:column` of the borrower; null where it is not known. */
  readonly borrowed_at: string | null;
  readonly stack: readonly string[];
  readonly request_id: string | null;
  /** ISO 8601. */
  readonly since: string;
}

/** The settings that matter for reading the numbers. */
export interface PoolConfigReport {
  readonly name: string;
  readonly max: number;
  readonly min: number;
  readonly acquire_timeout_ms: number;
  readonly query_timeout_ms: number | false;
  readonly slow_query_threshold_ms: number;
  readonly leak_threshold_ms: number | false;
  readonly mode: 'enforce' | 'observe';
}

/** `getPoolMetrics()`. */
export interface PoolMetrics {
  readonly monitoring_enabled: boolean;
  readonly health_status: HealthStatus;
  readonly slow_queries: readonly SlowQuery[];
  readonly pool_config: PoolConfigReport;
  readonly leak_warnings: readonly LeakWarning[];
}
