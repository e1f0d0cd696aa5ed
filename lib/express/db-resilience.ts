import { findProblem, isPlainObject, text } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import { createResilience } from '../compose/create-resilience.js';
import type { Resilience, ResilienceOptions } from '../compose/create-resilience.js';
import type { ResilientPool } from '../pool/resilient-pool.js';
import { dbErrorHandler } from './error-handler.js';
import type { DbErrorHandlerOptions } from './error-handler.js';
import type { ErrorHandler, Handler } from './handlers.js';
import { probeRoutes } from './probe-routes.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by `dbResilience()`. */
      db: ResilientPool;
    }
  }
}

export interface DbResilienceOptions extends ResilienceOptions {
  /**
   * The property of the request that gets the pool. For a second database another one, with a `name` of its own, and
   * declared in the global interface `Express.Request` for TypeScript. Default: `db`.
   */
  property?: string | undefined;
}

/** A request handler that sets `req.db`, and the database behind it. */
export interface DbResilience extends Handler, Resilience {
  /** `GET /livez` and `GET /readyz`, to be mounted where you like. Anything else passes through. */
  routes(): Handler;
  /** `dbErrorHandler` with this database's logger. */
  errorHandler(options?: DbErrorHandlerOptions): ErrorHandler;
}

/**
 * `createResilience` for Express: `app.use(dbResilience())`, and every request behind it has `req.db`.
 *
 * @throws ConfigurationError for an option or environment variable that is unknown, impossible or contradicts another
 */
export function dbResilience(options: DbResilienceOptions = {}): DbResilience {
  const { property, pool } = split(options);
  const resilience = createResilience(pool);
  const { db } = resilience;
  const handler: Handler = (req, _res, next) => {
    const request = req as unknown as Record<string, unknown>;
    if (property in request && request[property] !== db) {
      next(alreadySet(property));
      return;
    }
    request[property] = db;
    next();
  };
  const face = {
    routes: () => probeRoutes(resilience),
    errorHandler: (own: DbErrorHandlerOptions = {}) => dbErrorHandler({ logger: pool.logger, ...own }),
  };
  const descriptors = { ...Object.getOwnPropertyDescriptors(resilience), ...Object.getOwnPropertyDescriptors(face) };
  return Object.defineProperties(handler, descriptors) as DbResilience;
}

function split(options: DbResilienceOptions): { property: string; pool: ResilienceOptions } {
  // The pool's own check tells what is wrong with what is no object.
  if (!isPlainObject(options)) return { property: 'db', pool: options };
  const { property = 'db', ...pool }: DbResilienceOptions = options;
  const problem = findProblem({ property: text() }, { property });
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  return { property, pool };
}

function alreadySet(property: string): ConfigurationError {
  return new ConfigurationError(
    'property',
    `Option "property": req.${property} is already set, by Express or by another middleware; ` +
      'give dbResilience another property, such as "billingDb"',
  );
}
