export {
  AcquireTimeoutError,
  CancelledError,
  CircuitOpenError,
  CommitOutcomeUnknownError,
  ConfigurationError,
  ConnectionLostError,
  DbResilienceError,
  DeadlineExceededError,
  QueryTimeoutError,
  ShuttingDownError,
  TransactionMisuseError,
  TransactionRolledBackError,
} from './errors/errors.js';
export type { ErrorCode, ErrorDetails, Outcome, PoolCounts, UnknownReason } from './errors/errors.js';
export { pinoErrorSerializer } from './errors/pino-error-serializer.js';
export { detached } from './core/scope/current.js';
export type { Logger } from './core/logger.js';
export { Circuit } from './policy/circuit/circuit.js';
export type { CircuitChange, CircuitEvents, CircuitReason, CircuitState } from './policy/circuit/change.js';
export type { CircuitDescription } from './policy/circuit/description.js';
export type { CircuitParts } from './policy/circuit/parts.js';
export type { CircuitMode, CircuitSettings } from './policy/circuit/settings.js';
export type { TrialSettings } from './policy/circuit/trials.js';
export type { ProbeTimes } from './policy/prober.js';
export { runWithDeadline } from './policy/run-with-deadline.js';
export { ResilientPool } from './pool/resilient-pool.js';
export type { PoolDescription } from './pool/describe-pool.js';
export { CircuitBreakerDb, type CircuitBreakerDbOptions } from './pool/circuit-breaker-db.js';
export type { WouldBe, WouldBeCounts } from './pool/mode.js';
export type { ConnectOptions } from './pool/connect-options.js';
export type { ExecuteOptions } from './pool/execute-options.js';
export type { Transaction } from './pool/transaction/level.js';
export type { TransactionOptions } from './pool/transaction/options.js';
export type { ViewOptions } from './pool/view.js';
export { withRetry, type WithRetryOptions } from './pool/with-retry.js';
export { withTimeout } from './pool/with-timeout.js';
export { createResilience, type Resilience } from './compose/create-resilience.js';
export type { HealthOptions, ObservationOptions, ResilienceOptions } from './compose/options.js';
export type { UnreadyReason } from './compose/readiness.js';
export { asyncRoute } from './express/async-route.js';
export type { Authorize } from './express/access.js';
export { healthRouter, type HealthSource } from './express/health-routes.js';
export { metricsRouter, type MetricsOptions, type MetricsSource } from './express/metrics-routes.js';
export { observing } from './express/observing.js';
export type { RoutesOptions } from './express/routes.js';
export { HealthMonitor, type HealthMonitorOptions } from './health/health-monitor.js';
export type { HealthReport } from './health/health-report.js';
export type { PromClientRegistry } from './metrics/prom-client.js';
export { dbErrorHandler, type DbErrorHandlerOptions } from './express/error-handler.js';
export { dbResilience, type DbResilience, type DbResilienceOptions } from './express/db-resilience.js';
export type { ErrorHandler, Handler, Next } from './express/handlers.js';
export type { Problem, ProblemCode } from './express/problem.js';
export { connectWithRetry, type ConnectRetryOptions } from './pool/connect-with-retry.js';
export type { ResilientPoolOptions } from './pool/options/index.js';
export type { CircuitOptions } from './pool/options/circuit.js';
export type { RetryOptions } from './pool/options/retry.js';
export type { MonitorOptions } from './pool/options/monitor.js';
export type { QueryPerformanceOptions, SlowQueriesOptions } from './pool/pool-monitor.js';
export type { AcquireFailure, AnsweredStatement, Lease, PoolHooks } from './monitor/hooks.js';
export type {
  ConnectionCounts,
  HealthStatus,
  LeakWarning,
  PoolConfigReport,
  PoolMetrics,
  QueryOrder,
  QueryPerformance,
  SlowQuery,
} from './monitor/reports.js';
export type { ServerReport } from './monitor/server-report.js';
export { MigrationFailedError, MigrationLockedError, MigrationRefusedError } from './errors/migration-errors.js';
export type { MigrationRefusal } from './errors/migration-errors.js';
export {
  initializeSchema,
  type SchemaOptions,
  type SchemaResult,
  type SchemaState,
} from './migrate/initialize-schema.js';
export { MigrationManager } from './migrate/manager.js';
