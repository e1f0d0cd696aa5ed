import type { IncomingMessage, ServerResponse } from 'node:http';
import { silentLogger } from '../core/logger.js';
import type { Logger } from '../core/logger.js';
import { findProblem, integer, isPlainObject, objectWith, show } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { ConfigurationError, DbResilienceError } from '../errors/errors.js';
import type { ErrorHandler } from './handlers.js';
import { problemOf } from './problem.js';
import type { Problem } from './problem.js';
import { RequestScope } from './request-scope.js';
import { requestId } from './request-id.js';

export interface DbErrorHandlerOptions {
  /**
   * The least that Retry-After says, in whole seconds; more where an open circuit will not close before. Each answer says
   * that or, by chance, up to twice as much, so that those who were refused together do not come back together. 1 to 3600. Default: 1.
   */
  retryAfterSeconds?: number | undefined;
  /** Gets a warning for every error that is answered here, since the application's own handler does not see it. */
  logger?: Logger | undefined;
}

const rules: Rules<DbErrorHandlerOptions> = {
  retryAfterSeconds: integer(1, 3600, 'seconds'),
  logger: objectWith('debug', 'info', 'warn', 'error'),
};

/**
 * Express error middleware, to be mounted behind the routes. Answers what the database's state is to blame for with
 * RFC 9457 `application/problem+json` and Retry-After: 503 where there is no connection (CircuitOpenError,
 * AcquireTimeoutError, ConnectionLostError, ShuttingDownError, and the database's own 53300, 57P01 to 57P03, class 08 and refused sockets,
 * from whichever pool they come), 504 for QueryTimeoutError and DeadlineExceededError, 500 for CommitOutcomeUnknownError. The body names no SQL, value, host or stack.
 *
 * Everything else goes on to the application's own handler: other errors, those that carry an HTTP status already, and
 * all that come once the answer has begun (Express then closes the connection).
 *
 * @throws ConfigurationError for an option that is unknown or impossible
 */
export function dbErrorHandler(options: DbErrorHandlerOptions = {}): ErrorHandler {
  check(options);
  const { retryAfterSeconds = 1, logger = silentLogger } = options;
  // Express tells an error handler by its four parameters.
  return (error, req, res, next) => {
    if (clientHasLeft(error, res)) {
      res.end();
      return;
    }
    const answerable = res.headersSent || hasStatus(error) ? undefined : problemOf(error);
    if (answerable === undefined || !mayAnswer(req)) {
      next(error);
      return;
    }
    const { problem, reason, retryAfterMs } = answerable;
    const instance = requestId(req);
    if (instance !== undefined) problem.instance = instance;
    const { status, code, outcome } = problem;
    const fields = { status, code, outcome, request_id: instance, reason };
    logger.warn(fields, `Answered ${String(status)} for the database`);
    const least = Math.max(retryAfterSeconds, Math.ceil(retryAfterMs / 1000));
    const seconds = least + Math.floor(Math.random() * (least + 1));
    // Nothing that waiting mends: what is to be looked at is whether the work was done.
    answer(req, res, problem, status === 500 ? undefined : seconds);
  };
}

function clientHasLeft(error: unknown, res: ServerResponse): boolean {
  return DbResilienceError.is(error) && error.code === 'DB_CANCELLED' && res.destroyed && !res.headersSent;
}

/** Not where all that the request's databases do is observe: it is answered as it was before they came. */
function mayAnswer(req: IncomingMessage): boolean {
  const modes = [...(RequestScope.of(req)?.modes ?? [])];
  return modes.length === 0 || modes.map((mode) => mode.applies('answer')).includes(true);
}

function check(options: unknown): void {
  if (!isPlainObject(options)) {
    throw new ConfigurationError('options', `dbErrorHandler: received ${show(options)}; expected an object`);
  }
  const problem = findProblem(rules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
}

function answer(
  req: IncomingMessage,
  res: ServerResponse,
  problem: Problem,
  retryAfterSeconds: number | undefined,
): void {
  for (const name of res.getHeaderNames()) if (describesBody(name)) res.removeHeader(name);
  const body = JSON.stringify(problem);
  res.statusCode = problem.status;
  res.statusMessage = '';
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** What the route had said of the answer that is not given now. */
function describesBody(header: string): boolean {
  const isContent = header.startsWith('content-') && !header.startsWith('content-security-policy');
  return isContent || ['etag', 'last-modified', 'accept-ranges', 'expires'].includes(header);
}

/** The application has decided on an answer, as errors of http-errors show. */
function hasStatus(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  return status !== undefined || statusCode !== undefined;
}
