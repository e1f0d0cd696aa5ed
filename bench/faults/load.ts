import { Agent, request } from 'node:http';
import { circuitHeader } from './app/circuit-watch.js';
import { hungAfterMs } from './names.js';

/** One request and its answer. Times are of `performance.now()`. */
export interface Sample {
  /** When it was to be sent, whenever that came about. */
  readonly dueAt: number;
  /** From that moment to the end of the answer. */
  readonly ms: number;
  /** `200`, `hung`, `wrong row`, or why there was no answer: `ECONNRESET` for instance. */
  readonly status: string;
  /** The body of an answer that is no 200, and when it says to come again. */
  readonly said?: string;
  readonly retryAfter?: string;
  /** Its request came while the circuit was not closed. */
  readonly whileOpen?: true;
}

export interface LoadOptions {
  readonly port: number;
  readonly perSecond: number;
  readonly method: 'GET' | 'POST';
  /** Its `/:id` is the number of a row, which the answer must have. */
  readonly path: string;
  /** How many are sent. Default: until it is stopped. */
  readonly most?: number;
}

/** Requests by the clock, however many of them are still without an answer. */
export class Load {
  readonly samples: Sample[] = [];
  sent = 0;
  /** How much later than due the worst one was sent: what this instrument itself adds at most. */
  worstDelayMs = 0;
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });
  readonly #started = performance.now();
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#tick();
  }

  /** Resolves when as many as were to be sent are answered or given up. */
  async finish(): Promise<readonly Sample[]> {
    while (this.sent < (this.#options.most ?? Infinity)) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.stop();
  }

  /** Sends no more, and resolves when every request is answered or given up. */
  async stop(): Promise<readonly Sample[]> {
    clearTimeout(this.#timer);
    while (this.#open.size > 0) await Promise.all(this.#open);
    this.#agent.destroy();
    return this.samples;
  }

  #tick(): void {
    const { perSecond, most = Infinity } = this.#options;
    const everyMs = 1000 / perSecond;
    const now = performance.now();
    for (let due = this.#due(everyMs); due <= now && this.sent < most; due = this.#due(everyMs)) {
      this.worstDelayMs = Math.max(this.worstDelayMs, performance.now() - due);
      const asked = this.#ask(due, (this.sent++ % 1000) + 1).then(() => void this.#open.delete(asked));
      this.#open.add(asked);
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.#due(everyMs) - performance.now()));
  }

  #due(everyMs: number): number {
    return this.#started + this.sent * everyMs;
  }

  async #ask(dueAt: number, id: number): Promise<void> {
    const { port, method, path } = this.#options;
    const answer = await ask({ port, method, path: `${path}/${String(id)}`, agent: this.#agent, id });
    this.samples.push({ dueAt, ms: performance.now() - dueAt, ...answer });
  }
}

interface Asked {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly agent: Agent;
  readonly id: number;
}

function ask({ port, method, path, agent, id }: Asked): Promise<Omit<Sample, 'dueAt' | 'ms'>> {
  return new Promise((resolve) => {
    const req = request({ host: '127.0.0.1', port, method, path, agent });
    const timer = setTimeout(() => {
      resolve({ status: 'hung' });
      req.destroy();
    }, hungAfterMs);
    const settle = (status: string, more?: Omit<Sample, 'dueAt' | 'ms' | 'status'>) => {
      clearTimeout(timer);
      resolve({ status, ...more });
    };
    req.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    req.on('response', (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text: string) => (body += text));
      res.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
      res.on('end', () => {
        const status = String(res.statusCode);
        const retryAfter = res.headers['retry-after'];
        const circuit = res.headers[circuitHeader] === undefined ? {} : { whileOpen: true as const };
        if (status === '200') settle(body.startsWith(`{"id":${String(id)}`) ? '200' : 'wrong row', circuit);
        else settle(status, { said: body, ...(retryAfter === undefined ? {} : { retryAfter }), ...circuit });
      });
    });
    req.end();
  });
}
