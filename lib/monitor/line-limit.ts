import type { Clock, Timer } from '../core/clock.js';
import { outsideRequests } from '../core/root-scope.js';

export interface LineLimitOptions {
  readonly mostASecond: number;
  readonly clock: Clock;
  /** Told at the end of a second in which lines were left out. */
  readonly onLeftOut: (count: number) => void;
}

/** So many log lines a second, and one that tells how many more there would have been. */
export class LineLimit {
  readonly #options: LineLimitOptions;
  #beganAt = -Infinity;
  #lines = 0;
  #leftOut = 0;
  #timer: Timer | undefined;

  constructor(options: LineLimitOptions) {
    this.#options = options;
  }

  /** Whether a line may be written. */
  admit(): boolean {
    const { clock, mostASecond } = this.#options;
    const now = clock.now();
    if (now - this.#beganAt >= 1000) {
      this.#beganAt = now;
      this.#lines = 0;
    }
    if (this.#lines < mostASecond) {
      this.#lines += 1;
      return true;
    }
    this.#leftOut += 1;
    if (this.#timer === undefined) {
      const ms = this.#beganAt + 1000 - now;
      this.#timer = outsideRequests(() => clock.setTimeout(() => this.#tell(), ms));
      this.#timer.unref?.();
    }
    return false;
  }

  /** Tells at once what is still to be told. */
  close(): void {
    if (this.#timer === undefined) return;
    this.#options.clock.clearTimeout(this.#timer);
    this.#tell();
  }

  #tell(): void {
    const count = this.#leftOut;
    this.#timer = undefined;
    this.#leftOut = 0;
    this.#options.onLeftOut(count);
  }
}
