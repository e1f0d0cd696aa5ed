import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late this process's timers come, in milliseconds. */
export interface LoopDelay {
  start(): void;
  /** The 99th percentile of the last interval or of the present one, whichever is longer. */
  ms(): number;
  /** Ends the present interval. */
  nextInterval(): void;
  close(): void;
}

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

export class EventLoopDelay implements LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #lastMs = 0;

  start(): void {
    this.#histogram.enable();
  }

  ms(): number {
    return Math.max(this.#lastMs, this.#presentMs());
  }

  nextInterval(): void {
    this.#lastMs = this.#presentMs();
    this.#histogram.reset();
  }

  close(): void {
    this.#histogram.disable();
  }

  /** Node counts the time between two of its own timers, the pause that it asked for included. */
  #presentMs(): number {
    return Math.max(0, this.#histogram.percentile(99) / NS_PER_MS - RESOLUTION_MS);
  }
}
