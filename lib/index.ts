export * from './errors/errors.js';
export type { Logger } from './core/logger.js';
export { ResilientPool } from './pool/resilient-pool.js';
export { withTimeout } from './pool/with-timeout.js';
