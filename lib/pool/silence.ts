import type { Circuit } from '../policy/circuit/circuit.js';
import { ConnectionLostError } from '../errors/errors.js';

/** Work is under way and nothing is answered for so long: worth a probe. */
const SILENT_MS = 1000;
const MOST_SILENT_MS = 30_000;

/**
 * Notices a database that has fallen silent before the time-outs do, which may take half a minute. A long statement that
 * is alone looks the same, so this is but a suspicion, and the longer it lasts the less often it is raised.
 */
export class Silence {
  readonly #circuit: Circuit;
  #answers = 0;
  #since = -1;
  #patienceMs = SILENT_MS;

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
  }

  /** To be called every now and then. */
  look(now: number, isBusy: boolean): void {
    const { answers } = this.#circuit;
    if (!isBusy || answers !== this.#answers || this.#since < 0) {
      this.#answers = answers;
      this.#since = isBusy ? now : -1;
      this.#patienceMs = SILENT_MS;
      return;
    }
    if (now - this.#since < this.#patienceMs) return;
    this.#since = now;
    this.#patienceMs = Math.min(2 * this.#patienceMs, MOST_SILENT_MS);
    this.#circuit.suspect(
      new ConnectionLostError('Statements are under way, and the database has answered none', { outcome: 'unknown' }),
    );
  }
}
