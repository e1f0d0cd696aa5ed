import type { Clock } from '../../core/clock.js';
import type { CircuitSettings } from './settings.js';
import { Window } from './window.js';

/** A failed probe opens a circuit whose suspicion is as old: what is over by then is left to retries. */
const OLD_MS = 300;
const nothing = -1;

/** What speaks against the database while the circuit is closed. */
export class Evidence {
  readonly #settings: CircuitSettings;
  readonly #clock: Clock;
  readonly #window: Window;
  /** What has a token up to this one began before the suspicion, and belongs to its first failure. */
  #suspectedAt = nothing;
  #suspectedSince = 0;
  #inARow = 0;

  constructor(settings: CircuitSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#window = new Window(clock, settings.windowMs);
  }

  get isSuspected(): boolean {
    return this.#suspectedAt !== nothing;
  }

  /** The suspicion has lasted for long enough to be one. */
  get isOld(): boolean {
    return this.#clock.now() - this.#suspectedSince >= OLD_MS;
  }

  /** Of the window. */
  get totals(): { calls: number; failed: number } {
    return this.#window.totals();
  }

  /** It began after the suspicion. */
  isNews(token: number): boolean {
    return token > this.#suspectedAt;
  }

  addAnswer(): void {
    this.#window.addAnswer();
    this.#inARow = 0;
  }

  /** One that is news. Says whether that is enough, and of what. */
  addFailure(): 'failures-in-a-row' | 'failure-rate' | undefined {
    this.#window.addFailure();
    if (this.isSuspected) this.#inARow += 1;
    const { failuresInARow, failurePercent, leastCalls } = this.#settings;
    if (this.#inARow >= failuresInARow) return 'failures-in-a-row';
    const { calls, failed } = this.totals;
    return calls >= leastCalls && failed * 100 >= calls * failurePercent ? 'failure-rate' : undefined;
  }

  /** @param token the last one that was given */
  suspect(token: number): void {
    this.#suspectedAt = token;
    this.#suspectedSince = this.#clock.now();
    this.#inARow = 0;
  }

  /** The window is kept. */
  endSuspicion(): void {
    this.#suspectedAt = nothing;
    this.#inARow = 0;
  }

  clear(): void {
    this.endSuspicion();
    this.#window.clear();
  }
}
