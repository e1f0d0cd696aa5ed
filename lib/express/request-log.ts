import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger as Pino } from 'pino';
import { pinoHttp } from 'pino-http';
import type { Logger } from '../core/logger.js';
import { requestId } from './request-id.js';
import type { RequestScope } from './request-scope.js';

type Log = (req: IncomingMessage, res: ServerResponse, scope: RequestScope) => void;

/** What pino-http leaves on a request and its response, and what others leave on a request. */
interface Logs {
  log?: Partial<Pino>;
}

/**
 * One line a request, with what it has cost the database. pino-http writes it, the application's own where there is one;
 * on a logger that is no pino the line is ours.
 */
export function requestLog(logger: Logger | undefined): Log {
  const own = isPino(logger) ? pinoHttp({ logger, genReqId, customLogLevel: levelOf, serializers }) : undefined;
  return (req, res, scope) => {
    // Two databases in one request share its line.
    if (scope.logged) return;
    const { log } = req as Logs;
    if (log === undefined) own?.(req, res);
    const line = (res as Logs).log;
    if (line?.setBindings !== undefined) {
      const { setBindings } = line;
      scope.logged = true;
      // Before pino-http's own listeners, which write the line.
      once(res, ['finish', 'close'], () => setBindings.call(line, { db: told(res, scope) }));
      return;
    }
    const target = isLogger(log) ? log : logger;
    if (target === undefined) return;
    scope.logged = true;
    once(res, ['close'], () => write(target, req, res, scope));
  };
}

function once(res: ServerResponse, events: string[], listener: () => void): void {
  const told = () => {
    for (const event of events) res.removeListener(event, told);
    listener();
  };
  for (const event of events) res.prependListener(event, told);
}

function write(logger: Logger, req: IncomingMessage, res: ServerResponse, scope: RequestScope): void {
  const fields = {
    request_id: requestId(req),
    status: res.statusCode,
    duration_ms: rounded(performance.now() - scope.startedAt),
    db: told(res, scope),
  };
  const text = res.writableFinished ? 'request completed' : 'request aborted';
  if (res.statusCode >= 500) logger.error(fields, text);
  else logger.info(fields, text);
}

function told(res: ServerResponse, scope: RequestScope): object {
  // The line is written before the scope hears of it, and has to count what it cancels.
  if (!res.writableEnded) scope.cancel({ by: 'client' });
  const { statements, databaseMs, cancellations } = scope.usage;
  return { statements, database_ms: rounded(databaseMs), cancellations };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function levelOf(_req: IncomingMessage, res: ServerResponse): 'error' | 'info' {
  return res.statusCode >= 500 ? 'error' : 'info';
}

// pino-http's own counts, and starts at 1 in every process.
function genReqId(req: IncomingMessage): string {
  return requestId(req) ?? randomUUID();
}

// pino-http's own tell all headers, cookies and authorization among them, and what stands behind the question mark.
const serializers = {
  req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({
    id,
    method,
    path: url.split('?', 1)[0],
  }),
  res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
};

function isPino(logger: Logger | undefined): logger is Logger & Pino {
  const { child, setBindings } = (logger ?? {}) as Partial<Pino>;
  return typeof child === 'function' && typeof setBindings === 'function';
}

function isLogger(log: Partial<Logger> | undefined): log is Logger {
  return typeof log?.info === 'function' && typeof log.error === 'function';
}
