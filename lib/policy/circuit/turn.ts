import { outsideRequests } from '../../core/root-scope.js';

const MOST_AT_ONCE = 100;

/**
 * When those are told who are refused: at once, but after a hundred in one turn of the event loop only in the next one. Who
 * asks again and again would otherwise keep the probes from being made, and everything else in this process from being done.
 */
export class Turn {
  #told = 0;

  /** To be asked for each; whether that one has to wait for the next turn. */
  isOver(): boolean {
    if (this.#told === 0) outsideRequests(() => setImmediate(() => (this.#told = 0)));
    this.#told += 1;
    return this.#told > MOST_AT_ONCE;
  }
}
