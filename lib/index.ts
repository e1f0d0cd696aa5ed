export {
  AcquireTimeoutError,
  CancelledError,
  ConfigurationError,
  ConnectionLostError,
  DbResilienceError,
  DeadlineExceededError,
  QueryTimeoutError,
  ShuttingDownError,
} from './errors/errors.js';
export type { ErrorCode, ErrorDetails, Outcome, PoolCounts } from './errors/errors.js';
export { detached } from './core/scope/current.js';
export type { Logger } from './core/logger.js';
export { runWithDeadline } from './policy/run-with-deadline.js';
export { ResilientPool, type ConnectOptions } from './pool/resilient-pool.js';
export type { ViewOptions } from './pool/view.js';
export { withTimeout } from './pool/with-timeout.js';
export { createResilience, type Resilience, type ResilienceOptions } from './compose/create-resilience.js';
export type { UnreadyReason } from './compose/readiness.js';
export { asyncRoute } from './express/async-route.js';
export { dbErrorHandler, type DbErrorHandlerOptions } from './express/error-handler.js';
export { dbResilience, type DbResilience, type DbResilienceOptions } from './express/db-resilience.js';
export type { ErrorHandler, Handler, Next } from './express/handlers.js';
export type { Problem, ProblemCode } from './express/problem.js';
export { connectWithRetry, type ConnectRetryOptions } from './pool/connect-with-retry.js';
export type { ResilientPoolOptions } from './pool/options/index.js';
