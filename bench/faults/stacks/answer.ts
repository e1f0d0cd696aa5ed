import type { ErrorRequestHandler } from 'express';

/** Answers whatever a route throws. */
export function answerWith(statusOf: (error: unknown) => 503 | 504): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) next(error);
    else res.status(statusOf(error)).json({ error: error instanceof Error ? error.message : 'failed' });
  };
}
