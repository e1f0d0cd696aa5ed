import type { IncomingMessage, ServerResponse } from 'node:http';
import { Scope } from '../core/scope/scope.js';

/** How long a request without a deadline goes on refusing reads after its client has left. */
const LEFT_MS = 30_000;

const scopeOf = Symbol('express-db-resilience.scope');

type ScopedRequest = IncomingMessage & { [scopeOf]?: RequestScope };

/**
 * A request from its arrival to its answer. Over when the answer has been given to Node (`res.end()`): what begins then is
 * no part of it. Where the client left before, it is over when its deadline is: until then whoever still works for that
 * client is told so, and a timer or job that the request started is not haunted for ever.
 */
export class RequestScope extends Scope {
  // Let go at the end: a timer that was started in the request keeps the scope for as long as it runs.
  #response: ServerResponse | undefined;
  #overAt = Infinity;
  /** Somebody writes its log line. */
  logged = false;

  private constructor(req: IncomingMessage, res: ServerResponse, timeoutMs: number | false) {
    // Node sets it where the server's 'upgrade' listener gets the request: the WebSocket library has the socket, and no
    // answer is due. A client that merely asks has not got its way.
    super((req as { upgrade?: unknown }).upgrade === true ? false : timeoutMs);
    this.#response = res;
    res.once('close', () => this.#onClose());
  }

  /** The scope of this request, made where there is none yet. The shorter deadline of several middlewares holds. */
  static open(req: ScopedRequest, res: ServerResponse, timeoutMs: number | false): RequestScope {
    const known = req[scopeOf];
    if (known === undefined) return (req[scopeOf] = new RequestScope(req, res, timeoutMs));
    if (timeoutMs !== false && known.startedAt + timeoutMs < known.deadlineAt) known.setTimeout(timeoutMs);
    return known;
  }

  static of(req: ScopedRequest): RequestScope | undefined {
    return req[scopeOf];
  }

  override get ofRequest(): boolean {
    return true;
  }

  override get over(): boolean {
    return this.#response === undefined ? performance.now() >= this.#overAt : this.#response.writableEnded;
  }

  /** An answer that goes on for ever on purpose: server-sent events, another protocol. Known once it has begun. */
  protected override lifts(): boolean {
    const response = this.#response;
    if (response?.headersSent !== true) return false;
    return response.statusCode === 101 || /^text\/event-stream\b/i.test(contentType(response));
  }

  #onClose(): void {
    const answered = this.#response?.writableEnded === true;
    if (answered) {
      this.#overAt = 0;
    } else {
      const now = performance.now();
      this.#overAt = this.deadlineAt === Infinity ? now + LEFT_MS : this.deadlineAt;
      this.cancel({ by: 'client' });
    }
    this.#response = undefined;
  }
}

/** `res.writeHead(200, headers)` writes them out without keeping them, unless others were set before. */
function contentType(res: ServerResponse): string {
  const kept = res.getHeader('content-type');
  if (kept !== undefined) return String(kept);
  const { _header: sent } = res as ServerResponse & { _header?: string | null };
  return /^content-type:\s*(.*)$/im.exec(sent ?? '')?.[1] ?? '';
}
