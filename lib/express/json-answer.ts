import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from './handlers.js';
import { problemAnswer } from './route-problem.js';
import type { SparingLog } from './sparing-log.js';

/** An object is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: object | string;
  /** Default: `application/json`. */
  readonly type?: string;
}

/** One for each path, below wherever they are mounted. */
export type Answers = Readonly<Record<string, (req: IncomingMessage) => Answer | Promise<Answer>>>;

/**
 * Answers GET and HEAD for these paths, other methods with 405, and lets every other path pass. Answers are not to be
 * kept. An answer that throws or rejects becomes a 500 that tells nothing, and a line in the log: never an error of the
 * application's. A plain handler rather than an Express router, so that nothing of Express has to be loaded.
 */
export function answering(answers: Answers, log: SparingLog): Handler {
  return (req, res, next) => {
    const answer = answers[pathOf(req)];
    if (answer === undefined) next();
    else void respond(req, res, answer, log);
  };
}

async function respond(req: IncomingMessage, res: ServerResponse, of: Answers[string], log: SparingLog): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD');
    send(req, res, { status: 405, body: { status: 'method_not_allowed' } });
    return;
  }
  try {
    send(req, res, await of(req));
  } catch (error) {
    log.warn('A monitoring route failed', error);
    send(req, res, problemAnswer(req, 'INTERNAL'));
  }
}

/** Without the query, and without a slash at the end, as Express's own routes take it. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const path = url.split('?', 1)[0] ?? '/';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function send(req: IncomingMessage, res: ServerResponse, { status, body, type = 'application/json' }: Answer): void {
  // While an answer was made, a time-out of the application's may have given another.
  if (res.headersSent) return;
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(content));
  res.setHeader('Cache-Control', 'no-store');
  res.end(req.method === 'HEAD' ? undefined : content);
}
