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
  /** Of each piece of work, the one that is under way and those that wait for their turn. */
  readonly #pieces = new Set<AbortController>();
  /** Fulfilled at the end of the one that is under way. */
  #underWay: Promise<void> | undefined;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(dial: Dial, circuit: Circuit) {
    this.#line = new Line(dial);
    this.#circuit = circuit;
  }

  get isOpen(): boolean {
    return this.#pieces.size > 0 || this.#line.isOpen;
  }

  readonly inspect: Inspect = (work, timeoutMs) => outsideRequests(() => this.#inspect(work, timeoutMs));

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const piece of this.#pieces) piece.abort(closed());
    if (this.#underWay === undefined) this.#line.close();
  }

  async #inspect<T>(work: (run: RunSql) => Promise<T>, timeoutMs: number): Promise<T> {
    this.#throwIfRefused();
    // Not AbortSignal.any and .timeout: what is made of the one would hang on the other for as long as the pool lives.
    const piece = new AbortController();
    const late = new Error(`The database gave no answer to the monitor within ${String(timeoutMs)} ms`);
    const timer = setTimeout(() => piece.abort(late), timeoutMs).unref();
    this.#pieces.add(piece);
    try {
      while (this.#underWay !== undefined) {
        await Promise.race([this.#underWay, aborted(piece.signal)]);
        this.#throwIfRefused();
      }
      return await this.#run(work, piece.signal);
    } finally {
      clearTimeout(timer);
      this.#pieces.delete(piece);
    }
  }

  #throwIfRefused(): void {
    if (this.#isClosed) throw closed();
    if (this.#circuit.refuses) throw this.#circuit.refusal();
  }

  async #run<T>(work: (run: RunSql) => Promise<T>, signal: AbortSignal): Promise<T> {
    let end = (): void => undefined;
    this.#underWay = new Promise((resolve) => (end = resolve));
    clearTimeout(this.#timer);
    try {
      const client = await this.#line.connection(signal);
      // Somebody may wait for this answer; nobody waits while it is idle.
      client.ref();
      const told = await work((text, values) => ask(client, signal, undefined, text, values));
      client.unref();
      return told;
    } catch (error) {
      // It may be within a transaction, or wait for an answer still.
      this.#line.drop();
      throw error;
    } finally {
      this.#underWay = undefined;
      end();
      if (this.#isClosed) this.#line.drop();
      else this.#timer = setTimeout(() => this.#line.close(), IDLE_MS).unref();
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    // With what `abort` was called: an Error.
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

function closed(): ShuttingDownError {
  return new ShuttingDownError('The pool was closed');
}
