import type { Clock } from '../../core/clock.js';

export interface TrialSettings {
  /** Callers that a half-open circuit lets through at a time, and how many of them must succeed, in a row, to close it. */
  readonly permits: number;
  /** One that has not ended by then has failed. */
  readonly timeoutMs: number;
  /** For how long the circuit stays open before it lets them through; doubled where they fail. */
  readonly openMs: number;
}

export const trialDefaults: TrialSettings = { permits: 2, timeoutMs: 2000, openMs: 1000 };

/** The callers' own work by which a circuit without a probe of its own finds out whether the database is back. */
export class Trials {
  readonly #settings: TrialSettings;
  readonly #clock: Clock;
  readonly #begun = new Map<number, number>();
  #succeeded = 0;

  constructor(settings: TrialSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  get isFree(): boolean {
    return this.#begun.size + this.#succeeded < this.#settings.permits;
  }

  /** One has taken longer than a trial may. */
  get isHung(): boolean {
    const latest = this.#clock.now() - this.#settings.timeoutMs;
    for (const begun of this.#begun.values()) if (begun <= latest) return true;
    return false;
  }

  begin(token: number): void {
    this.#begun.set(token, this.#clock.now());
  }

  /** Its work was none: its caller gave up. False where it was no trial. */
  end(token: number): boolean {
    return this.#begun.delete(token);
  }

  /** True when enough have succeeded. */
  succeed(token: number): boolean {
    if (this.end(token)) this.#succeeded += 1;
    return this.#succeeded >= this.#settings.permits;
  }

  clear(): void {
    this.#begun.clear();
    this.#succeeded = 0;
  }
}
