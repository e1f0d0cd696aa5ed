import type { ConnectionCounts } from './reports.js';

const HIGH_SHARE = 0.9;

/** For how long nearly all connections have been in use. */
export class Utilisation {
  #highSince: number | undefined;
  #lookedAt = 0;

  /** To be called once a second. @param now monotonic milliseconds */
  look(now: number, { active, max }: ConnectionCounts): void {
    if (active < max * HIGH_SHARE) this.#highSince = undefined;
    else this.#highSince ??= now;
    this.#lookedAt = now;
  }

  /** Milliseconds, up to the last look, at 90 % or more; 0 where it is less now. */
  get sustainedHighMs(): number {
    return this.#highSince === undefined ? 0 : this.#lookedAt - this.#highSince;
  }
}
