import type { Next } from './handlers.js';

type Route = (...args: unknown[]) => unknown;

/**
 * For Express 4, where an async handler that rejects crashes the process: hands what the handler throws or rejects
 * with to `next`, once. Takes error handlers, with their four parameters, as well. The promise that the handler then
 * returns never rejects. Express 5 does all this by itself.
 */
export function asyncRoute<Handler extends (...args: never[]) => unknown>(handler: Handler): Handler {
  const route = handler as unknown as Route;
  // Express tells the two kinds apart by the number of their parameters.
  const wrapped: Route =
    handler.length > 3
      ? (error: unknown, req: unknown, res: unknown, next: unknown) => run(route, [error, req, res], next as Next)
      : (req: unknown, res: unknown, next: unknown) => run(route, [req, res], next as Next);
  return wrapped as unknown as Handler;
}

async function run(route: Route, args: unknown[], next: Next): Promise<void> {
  let called = false;
  const once: Next = (...reason) => {
    if (called) return;
    called = true;
    next(...reason);
  };
  try {
    await route(...args, once);
  } catch (error) {
    once(error ?? new Error('An async route rejected without a reason'));
  }
}
