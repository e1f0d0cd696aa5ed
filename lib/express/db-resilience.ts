import { boolean, findProblem, isPlainObject, text } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { inScope } from '../core/scope/current.js';
import { ConfigurationError } from '../errors/errors.js';
import { createResilience } from '../compose/create-resilience.js';
import type { Resilience } from '../compose/create-resilience.js';
import { observationRules } from '../compose/options.js';
import type { ResilienceOptions } from '../compose/options.js';
import { rules as poolRules, unknownOptionHint } from '../pool/options/index.js';
import { inView, modeOf } from '../pool/resilient-pool.js';
import type { ResilientPool } from '../pool/resilient-pool.js';
import { deadlineRoute, deadlineRule } from './deadline-route.js';
import { dbErrorHandler } from './error-handler.js';
import type { DbErrorHandlerOptions } from './error-handler.js';
import type { ErrorHandler, Handler } from './handlers.js';
import { observing } from './observing.js';
import { requestLog } from './request-log.js';
import { RequestScope } from './request-scope.js';
import { routes } from './routes.js';
import type { RoutesOptions } from './routes.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by `dbResilience()`: the pool, bound to this request. */
      db: ResilientPool;
    }
  }
}

/** What `dbResilience` takes beside the options of the pool. */
interface RequestOptions {
  /**
   * The property of the request that gets the pool. For a second database another one, with a `name` of its own, and
   * declared in the global interface `Express.Request` for TypeScript. Default: `db`.
   */
  property?: string | undefined;

  /**
   * The deadline of a request: milliseconds from its arrival at this middleware, after which whatever it still asks of a
   * database ends with `DeadlineExceededError`, cancelled on the server. 1 to 2147483647, or `false` for none.
   * `deadline()` changes it for a route; server-sent events and upgrades have none. Default: 30000.
   */
  requestTimeoutMs?: number | false | undefined;

  /**
   * Whether each request's log line tells its number of statements, its database time and its cancellations: the line of
   * the application's pino-http where it has one, before this middleware or behind it; else a line on the `req.log` that
   * is there already; else one on `logger`, by pino-http where that is a pino. Default: true.
   */
  requestLog?: boolean | undefined;
}

export interface DbResilienceOptions extends ResilienceOptions, RequestOptions {}

/** A request handler that sets `req.db`, and the database behind it. */
export interface DbResilience extends Handler, Resilience {
  /**
   * What operators and their machines ask for, to be mounted where you like: `/health`, `/health/database`, `/livez`,
   * `/readyz`, `/metrics` (Prometheus), `/metrics/database`, `/metrics/queries`, `/metrics/server`, `/openapi.json`.
   * Anything else passes through. SQL is shown to requests from this machine only, or as `authorize` says.
   *
   * @throws ConfigurationError for an option that is unknown or impossible
   */
  routes(options?: RoutesOptions): Handler;
  /**
   * Route middleware that gives the request another deadline: milliseconds from its arrival, or `false` for none.
   *
   * @throws ConfigurationError for anything else
   */
  deadline(ms: number | false): Handler;
  /** `dbErrorHandler` with this database's logger. */
  errorHandler(options?: DbErrorHandlerOptions): ErrorHandler;
}

/**
 * `createResilience` for Express: `app.use(dbResilience())`, and every request behind it has `req.db`: the pool, bound to
 * the request. Whatever the request asks of it, or of any other ResilientPool, before its answer is out has its deadline,
 * and is cancelled as `cancelOnDisconnect` says when its client leaves.
 *
 * @throws ConfigurationError for an option or environment variable that is unknown, impossible or contradicts another
 */
export function dbResilience(options: DbResilienceOptions = {}): DbResilience {
  const { property, requestTimeoutMs, requestLog: wantsLog, pool } = split(options);
  const resilience = createResilience(pool);
  const { db } = resilience;
  const log = wantsLog ? requestLog(pool.logger) : undefined;
  const handler: Handler = (req, res, next) => {
    const request = req as unknown as Record<string, unknown>;
    const scope = RequestScope.open(req, res, requestTimeoutMs);
    scope.modes.add(db[modeOf]);
    if (!(property in request)) {
      request[property] = db[inView]({ scope });
      log?.(req, res, scope);
    } else if (!Object.prototype.isPrototypeOf.call(db, request[property] as object)) {
      next(alreadySet(property));
      return;
    }
    inScope(scope, next);
  };
  const face = {
    routes: (own: RoutesOptions = {}) => routes(observing(resilience), { logger: pool.logger, ...own }),
    deadline: deadlineRoute,
    errorHandler: (own: DbErrorHandlerOptions = {}) => dbErrorHandler({ logger: pool.logger, ...own }),
  };
  const descriptors = { ...Object.getOwnPropertyDescriptors(resilience), ...Object.getOwnPropertyDescriptors(face) };
  return Object.defineProperties(handler, descriptors) as DbResilience;
}

const rules: Rules<RequestOptions> = {
  property: text(),
  requestTimeoutMs: deadlineRule,
  requestLog: boolean,
};

function split(options: DbResilienceOptions) {
  const defaults = { property: 'db', requestTimeoutMs: 30_000, requestLog: true };
  // The pool's own check tells what is wrong with what is no object.
  if (!isPlainObject(options)) return { ...defaults, pool: options };
  const {
    property = defaults.property,
    requestTimeoutMs = defaults.requestTimeoutMs,
    requestLog = defaults.requestLog,
    ...pool
  }: DbResilienceOptions = options;
  const own = { property, requestTimeoutMs, requestLog };
  // With the names of the pool's options, so that a misspelt one finds its like.
  const problem = findProblem({ ...poolRules, ...observationRules, ...rules }, options, unknownOptionHint);
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  return { ...own, pool };
}

function alreadySet(property: string): ConfigurationError {
  return new ConfigurationError(
    'property',
    `Option "property": req.${property} is already set, by Express or by another middleware; ` +
      'give dbResilience another property, such as "billingDb"',
  );
}
