import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Resilience } from '../compose/create-resilience.js';
import type { Handler } from './handlers.js';

/**
 * `/livez` and `/readyz`, for the probes of a load balancer or Kubernetes. A plain handler rather than an Express
 * router, so that nothing of Express has to be loaded where only workers run.
 */
export function probeRoutes(resilience: Resilience): Handler {
  return (req, res, next) => {
    switch (pathOf(req)) {
      case '/livez':
        // Says nothing of the database: a restart of this process would not mend that.
        answer(req, res, 200, { status: 'ok' });
        return;
      case '/readyz': {
        const reason = resilience.unreadyReason;
        if (reason === undefined) answer(req, res, 200, { status: 'ready' });
        else answer(req, res, 503, { status: 'not_ready', reason });
        return;
      }
      default:
        next();
    }
  };
}

/** Without the query, and without a slash at the end, as Express's own routes take it. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const path = url.split('?', 1)[0] ?? '/';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function answer(req: IncomingMessage, res: ServerResponse, status: number, content: object): void {
  const isAllowed = req.method === 'GET' || req.method === 'HEAD';
  const body = JSON.stringify(isAllowed ? content : { status: 'method_not_allowed' });
  res.statusCode = isAllowed ? status : 405;
  if (!isAllowed) res.setHeader('Allow', 'GET, HEAD');
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  res.end(req.method === 'HEAD' ? undefined : body);
}
