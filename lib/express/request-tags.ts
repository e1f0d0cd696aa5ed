import type { IncomingMessage } from 'node:http';

const traceParent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * By sqlcommenter's names. The route as the application has written it, `/:id`, and never as it was asked for; so without
 * where its router is mounted, of which Express tells the latter only.
 */
export function requestTags(req: IncomingMessage): Readonly<Record<string, string>> {
  const { route } = req as { route?: { path?: unknown } };
  const tags: Record<string, string> = {};
  if (typeof route?.path === 'string') tags.route = route.path;
  const { traceparent } = req.headers;
  if (typeof traceparent === 'string' && traceParent.test(traceparent)) tags.traceparent = traceparent;
  return tags;
}
