import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { Scope } from '../core/scope/scope.js';
import type { Mode } from '../pool/mode.js';
import { requestId } from './request-id.js';
import { requestTags } from './request-tags.js';

/** How long a request without a deadline goes on refusing reads after its client has left. */
const LEFT_MS = 30_000;

const ends = ['finish', 'close'];

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
  /** Known for good at the end; until then a logger that comes after us may give it one. */
  #requestId: string | undefined;
  #overAt = Infinity;
  #deadlineIsChosen = false;
  readonly #clock: Clock;
  /** Of the databases that it has. */
  readonly modes = new Set<Mode>();
  /** Somebody writes its log line. */
  logged = false;
  /** Called once: the answer is out, or the client has left and what runs for him has been told so. */
  onEnd: (() => void) | undefined;

  private constructor(req: IncomingMessage, res: ServerResponse, timeoutMs: number | false, clock: Clock) {
    // Node sets it where the server's 'upgrade' listener gets the request: the WebSocket library has the socket, and no
    // answer is due. A client that merely asks has not got its way.
    super((req as { upgrade?: unknown }).upgrade === true ? false : timeoutMs);
    this.#response = res;
    this.#clock = clock;
    const end = () => {
      for (const event of ends) res.removeListener(event, end);
      this.#end(res.writableEnded);
    };
    // Before the listeners of a pino-http that stands before us: its line counts what is cancelled here.
    for (const event of ends) res.prependListener(event, end);
  }

  /**
   * The scope of this request, made where there is none yet. Of the defaults of several middlewares the shorter one holds;
   * none shortens a deadline that was set for this request.
   */
  static open(
    req: ScopedRequest,
    res: ServerResponse,
    defaultMs: number | false,
    clock: Clock = systemClock,
  ): RequestScope {
    const known = req[scopeOf];
    if (known === undefined) return (req[scopeOf] = new RequestScope(req, res, defaultMs, clock));
    known.#shorten(defaultMs);
    return known;
  }

  static of(req: ScopedRequest): RequestScope | undefined {
    return req[scopeOf];
  }

  /** For this request in particular: no default of another middleware shortens it afterwards. */
  override setTimeout(timeoutMs: number | false): void {
    this.#deadlineIsChosen = true;
    super.setTimeout(timeoutMs);
  }

  override get ofRequest(): boolean {
    return true;
  }

  override get requestId(): string | undefined {
    return this.#response === undefined ? this.#requestId : requestId(this.#response.req);
  }

  override get tags(): Readonly<Record<string, string>> | undefined {
    return this.#response === undefined ? undefined : requestTags(this.#response.req);
  }

  override get isObserved(): boolean {
    return this.modes.size > 0 && [...this.modes].every(({ observes }) => observes);
  }

  override get over(): boolean {
    return this.#response === undefined ? this.#clock.now() >= this.#overAt : this.#response.writableEnded;
  }

  /** An answer that goes on for ever on purpose: server-sent events, another protocol. Known once it has begun. */
  protected override lifts(): boolean {
    const response = this.#response;
    if (response?.headersSent !== true) return false;
    return response.statusCode === 101 || /^text\/event-stream\b/i.test(contentType(response));
  }

  #shorten(timeoutMs: number | false): void {
    if (this.#deadlineIsChosen || timeoutMs === false) return;
    if (this.startedAt + timeoutMs < this.deadlineAt) super.setTimeout(timeoutMs);
  }

  #end(answered: boolean): void {
    if (answered) {
      this.#overAt = 0;
    } else {
      this.#overAt = this.deadlineAt === Infinity ? this.#clock.now() + LEFT_MS : this.deadlineAt;
      this.cancel({ by: 'client' });
    }
    this.#requestId = this.requestId;
    this.#response = undefined;
    const { onEnd } = this;
    this.onEnd = undefined;
    onEnd?.();
  }
}

/** `res.writeHead(200, headers)` writes them out without keeping them, unless others were set before. */
function contentType(res: ServerResponse): string {
  const kept = res.getHeader('content-type');
  if (kept !== undefined) return String(kept);
  const { _header: sent } = res as ServerResponse & { _header?: string | null };
  return /^content-type:\s*(.*)$/im.exec(sent ?? '')?.[1] ?? '';
}
