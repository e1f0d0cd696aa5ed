import { EventEmitter } from 'node:events';
import OpossumBreaker from 'opossum';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * opossum as the state machine, driven by `open()` and `close()` only. It never trips by itself, since the verdict is that
 * of a window of ours; and it never half-opens by itself, since its timer would let one caller through as a probe, whose
 * success, or any stale one, closes it.
 */
export class Breaker {
  readonly #opossum: OpossumBreaker;
  #isHalfOpen = false;

  constructor(name: string) {
    this.#opossum = new OpossumBreaker(() => Promise.resolve(), {
      name,
      timeout: false,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      resetTimeout: LONGEST_TIMER_MS,
      rollingPercentilesEnabled: false,
      // Without these two it has timers of its own. An emitter for each breaker, since each adds a listener to it.
      enableSnapshots: false,
      rotateBucketController: new EventEmitter(),
    });
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#opossum.closed) return 'closed';
    return this.#isHalfOpen ? 'half-open' : 'open';
  }

  open(): void {
    this.#isHalfOpen = false;
    this.#opossum.open();
  }

  halfOpen(): void {
    this.#isHalfOpen = true;
  }

  close(): void {
    this.#isHalfOpen = false;
    this.#opossum.close();
  }

  shutdown(): void {
    this.#opossum.shutdown();
  }
}
