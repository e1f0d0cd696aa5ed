import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger as Pino } from 'pino';
import { pinoHttp } from 'pino-http';
import type { HttpLogger } from 'pino-http';
import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import { requestId } from './request-id.js';
import type { RequestScope } from './request-scope.js';

type Log = (req: IncomingMessage, res: ServerResponse, scope: RequestScope) => void;

/** What pino-http leaves on a request and its response, and what others leave on a request. */
interface Logs {
  log?: Partial<Pino> | undefined;
}

/**
 * One line a request, with what it has cost the database. pino-http writes it, the application's own where there is one;
 * on a logger that is no pino the line is ours. Which it is, is known at the end: the application's pino-http may come
 * after us.
 */
export function requestLog(logger: Logger | undefined): Log {
  const own = isPino(logger) ? pinoHttp({ logger, genReqId, customLogLevel, serializers }) : undefined;
  return (req, res, scope) => {
    // Two databases in one request share its line: it is that of the first that has a logger.
    if (scope.logged) return;
    scope.logged = logger !== undefined;
    const { log } = req as Logs;
    const ownLine = own !== undefined && log === undefined ? begin(own, req, res) : undefined;
    scope.onEnd = () => {
      // What nginx calls it; nothing was sent.
      if (scope.cancelled?.by === 'client' && !res.headersSent) res.statusCode = 499;
      const line = lineOf(res) ?? ownLine;
      if (line === undefined) write(logger, req, res, scope);
      else line.setBindings({ db: costOf(scope) });
    };
  };
}

/** The line that pino-http has begun for the application. */
function lineOf(res: ServerResponse): Pick<Pino, 'setBindings'> | undefined {
  const { log } = res as Logs;
  return log?.setBindings === undefined ? undefined : (log as Pino);
}

/** Takes the log off the request again: pino-http keeps one that it finds, and the application's may come after us. */
function begin(own: HttpLogger, req: IncomingMessage, res: ServerResponse): Pick<Pino, 'setBindings'> | undefined {
  own(req, res);
  const line = lineOf(res);
  for (const one of [req, res] as Logs[]) one.log = undefined;
  return line;
}

function write(fallback: Logger | undefined, req: IncomingMessage, res: ServerResponse, scope: RequestScope): void {
  const { log } = req as Logs;
  const logger = isLogger(log) ? log : fallback;
  const fields = {
    request_id: requestId(req),
    status: res.statusCode,
    duration_ms: rounded(performance.now() - scope.startedAt),
    db: costOf(scope),
  };
  const text = res.writableFinished ? 'request completed' : 'request aborted';
  if (res.statusCode >= 500) logger?.error(fields, text);
  else logger?.info(fields, text);
}

function costOf({ usage: { statements, databaseMs, cancellations, retries } }: RequestScope): object {
  return { statements, database_ms: rounded(databaseMs), cancellations, retries };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function customLogLevel(_req: IncomingMessage, res: ServerResponse): 'error' | 'info' | 'silent' {
  // The application's own pino-http writes the line.
  if (lineOf(res) !== undefined) return 'silent';
  return res.statusCode >= 500 ? 'error' : 'info';
}

// pino-http's own counts, and starts at 1 in every process.
function genReqId(req: IncomingMessage): string {
  return requestId(req) ?? randomUUID();
}

// pino-http's own tell all headers, cookies and authorization among them, and what stands behind the question mark.
const serializers = {
  err: pinoErrorSerializer,
  req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({
    id,
    method,
    path: url.split('?', 1)[0],
  }),
  // Its own statusCode is null where nothing was sent.
  res: ({ raw: { statusCode } }: { raw: ServerResponse }) => ({ statusCode }),
};

function isPino(logger: Logger | undefined): logger is Logger & Pino {
  const { child, setBindings } = (logger ?? {}) as Partial<Pino>;
  return typeof child === 'function' && typeof setBindings === 'function';
}

function isLogger(log: Partial<Logger> | undefined): log is Logger {
  return typeof log?.info === 'function' && typeof log.error === 'function';
}
