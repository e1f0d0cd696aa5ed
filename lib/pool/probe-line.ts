import { ask, Line } from './line.js';
import type { Dial } from './line.js';

// A comment alone: the server parses nothing, takes no snapshot, and answers EmptyQueryResponse.
const QUESTION = '-- probe';

/** The connection on which the circuit asks whether the database is there. Not of the pool, so it never waits for one. */
export class ProbeLine {
  readonly #line: Line;
  #asking = 0;

  constructor(dial: Dial) {
    this.#line = new Line(dial);
  }

  /** It has a connection, or is opening one. */
  get isOpen(): boolean {
    return this.#asking > 0 || this.#line.isOpen;
  }

  /**
   * Rejects where the database gives no sign of life before the signal is aborted. Without a time of its own, since only
   * who aborts knows whether this process was held up.
   */
  async ask(signal: AbortSignal): Promise<void> {
    this.#asking += 1;
    try {
      // A connection that broke since the last question tells nothing of now.
      if (this.#line.isHeld && (await this.#tryHeld(signal))) return;
      await this.#ask(signal);
    } finally {
      this.#asking -= 1;
    }
  }

  close(): void {
    this.#line.close();
  }

  async #tryHeld(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#ask(signal);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      return false;
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const client = await this.#line.connection(signal);
      // Nobody waits for the answer: where nothing else is left to do, the process may exit.
      client.unref();
      await ask(client, signal, undefined, QUESTION);
    } catch (error) {
      this.#line.drop();
      throw error;
    }
    // It came while nobody wants it any more.
    if (signal.aborted) this.#line.close();
  }
}
