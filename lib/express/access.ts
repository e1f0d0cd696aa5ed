import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { outsideRequests } from '../core/root-scope.js';
import type { SparingLog } from './sparing-log.js';

/** Whether a request may see SQL. What is not `true`, in the end, is a no. */
export type Authorize = (req: Request) => boolean | PromiseLike<boolean>;

const MOST_MS = 5000;
const loopback = /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1)$/;
const localHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const forwarding =
  /^(?:forwarded|via|x-(?:forwarded|original)(?:-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|(?:cf-connecting|true-client|fastly-client)-ip)$/;

/**
 * Whether what shows SQL may be shown to this request. Where there is an `authorize` it decides, for requests from the
 * same machine too: it denies where it throws, rejects, or has not answered after 5 s. Else `isLocal` does.
 */
export async function mayShowSql(
  req: IncomingMessage,
  authorize: Authorize | undefined,
  log: SparingLog,
  clock: Clock = systemClock,
): Promise<boolean> {
  if (authorize === undefined) return isLocal(req);
  try {
    return (await within(MOST_MS, async () => authorize(req as Request), clock)) === true;
  } catch (error) {
    log.warn('The option "authorize" of the monitoring routes failed; the request was denied', error);
    return false;
  }
}

/**
 * A request of somebody on this machine: a loopback socket, a Host of localhost, 127.0.0.1 or [::1], no trace of a proxy,
 * and no page of another origin behind it. A proxy on this machine that passes requests on as its own, with such a Host
 * and no header that tells of it, cannot be told from such a person: behind one, give `authorize`.
 */
export function isLocal(req: IncomingMessage): boolean {
  const { host, origin } = req.headers;
  return (
    loopback.test(req.socket.remoteAddress ?? '') &&
    // A name that resolves to 127.0.0.1 makes a page of any site one of this service.
    localHost.test(host ?? '') &&
    // A page of another origin could read the answer of an application that allows CORS.
    (origin === undefined || origin === `http://${String(host)}` || origin === `https://${String(host)}`) &&
    // What nginx speaks to the service behind it unless told otherwise; browsers and curl do not.
    req.httpVersion !== '1.0' &&
    !Object.keys(req.headers).some((name) => forwarding.test(name))
  );
}

async function within<T>(ms: number, fn: () => Promise<T>, clock: Clock): Promise<T> {
  let onTime: (error: Error) => void = () => undefined;
  const tooLate = new Promise<never>((_resolve, reject) => (onTime = reject));
  const timer = outsideRequests(() =>
    clock.setTimeout(() => onTime(new Error(`No answer within ${String(ms)} ms`)), ms),
  );
  timer.unref?.();
  try {
    return await Promise.race([fn(), tooLate]);
  } finally {
    clock.clearTimeout(timer);
  }
}
