import { outsideRequests } from '../core/root-scope.js';
import { ShuttingDownError } from '../errors/errors.js';
import type { Inspect, RunSql } from '../monitor/inspect.js';
import type { Circuit } from '../policy/circuit/circuit.js';
import { ask, Line } from './line.js';
import type { Dial } from './line.js';

/** The connection stays for so long after its last use. */
const IDLE_MS = 5000;

/** Where the monitor runs statements of its own: one connection, opened when it is needed. */
export class Inspection {
  readonly #line: Line;
  readonly #circuit: Circuit;
  readonly #closing = new AbortController();
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(dial: Dial, circuit: Circuit) {
    this.#line = new Line(dial);
    this.#circuit = circuit;
  }

  get isOpen(): boolean {
    return this.#isBusy || this.#line.isOpen;
  }

  readonly inspect: Inspect = (work, timeoutMs) => outsideRequests(() => this.#inspect(work, timeoutMs));

  close(): void {
    clearTimeout(this.#timer);
    this.#closing.abort(new ShuttingDownError('The pool was closed'));
    if (!this.#isBusy) this.#line.close();
  }

  async #inspect<T>(work: (run: RunSql) => Promise<T>, timeoutMs: number): Promise<T> {
    this.#closing.signal.throwIfAborted();
    if (this.#circuit.refuses) throw this.#circuit.refusal();
    if (this.#isBusy) throw new Error('Another inspection of the database is under way');
    this.#isBusy = true;
    clearTimeout(this.#timer);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const client = await this.#line.connection(signal);
      return await work((text, values) => ask(client, signal, undefined, text, values));
    } catch (error) {
      // It may be within a transaction, or wait for an answer still.
      this.#line.drop();
      throw error;
    } finally {
      this.#isBusy = false;
      if (this.#closing.signal.aborted) this.#line.drop();
      else this.#timer = setTimeout(() => this.#line.close(), IDLE_MS).unref();
    }
  }
}
