export { clientConfig } from './client-config.js';
export { hideSecrets, pgPoolConfig } from './pg-pool-config.js';
export { resolvePoolOptions, rules, unknownOptionHint } from './resolve.js';
export { tlsWarning } from './tls-warning.js';
export type { Backstops, ResilientPoolOptions, ResolvedPoolOptions } from './types.js';
