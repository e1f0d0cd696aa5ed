import { dbErrorHandler, dbResilience, type DbResilienceOptions } from '../../../lib/index.js';
import { CircuitWatch } from '../app/circuit-watch.js';
import { deadlineMs, poolSize } from '../names.js';
import type { MakeStack } from './stack.js';

export const makeStack: MakeStack = (connectionString) => {
  const options: DbResilienceOptions & { requestTimeoutMs: number } = {
    connectionString,
    max: poolSize,
    requestTimeoutMs: deadlineMs,
  };
  const resilience = dbResilience(options);
  const watch = new CircuitWatch(resilience.db);
  return {
    pool: resilience.db,
    watch,
    install: (app) => app.use(watch.mark, resilience),
    db: (req) => req.db,
    protect: (work) => watch.run(work),
    errorHandler: dbErrorHandler(),
  };
};
