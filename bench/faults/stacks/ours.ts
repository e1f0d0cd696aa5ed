import { dbErrorHandler, dbResilience, type DbResilienceOptions } from '../../../lib/index.js';
import { deadlineMs, poolSize } from '../names.js';
import type { MakeStack } from './stack.js';

export const makeStack: MakeStack = (connectionString) => {
  const options: DbResilienceOptions & { requestTimeoutMs: number } = {
    connectionString,
    max: poolSize,
    requestTimeoutMs: deadlineMs,
  };
  const resilience = dbResilience(options);
  return {
    pool: resilience.db,
    install: (app) => app.use(resilience),
    db: (req) => req.db,
    protect: (work) => work(),
    errorHandler: dbErrorHandler(),
  };
};
