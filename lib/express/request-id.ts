import type { IncomingMessage } from 'node:http';

/** The id that pino-http, another middleware or a proxy in front gave the request, where it is fit to be repeated. */
export function requestId(req: IncomingMessage): string | undefined {
  const { id } = req as { id?: unknown };
  const candidate = typeof id === 'string' || typeof id === 'number' ? String(id) : req.headers['x-request-id'];
  return typeof candidate === 'string' && /^[\w.~:+/=@-]{1,128}$/.test(candidate) ? candidate : undefined;
}
