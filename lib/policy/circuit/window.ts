import type { Clock } from '../../core/clock.js';

const BUCKETS = 10;

/** Answers and failures of the last `windowMs`, to a tenth of it. Adding one is a look at the clock and an addition. */
export class Window {
  readonly #clock: Clock;
  readonly #bucketMs: number;
  readonly #answered = new Uint32Array(BUCKETS);
  readonly #failed = new Uint32Array(BUCKETS);
  #current = 0;
  #endsAt: number;

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#bucketMs = windowMs / BUCKETS;
    this.#endsAt = clock.now() + this.#bucketMs;
  }

  addAnswer(): void {
    const now = this.#clock.now();
    if (now >= this.#endsAt) this.#turn(now);
    this.#answered[this.#current]! += 1;
  }

  addFailure(): void {
    const now = this.#clock.now();
    if (now >= this.#endsAt) this.#turn(now);
    this.#failed[this.#current]! += 1;
  }

  /** Of both, and of the failures alone. */
  totals(): { calls: number; failed: number } {
    const now = this.#clock.now();
    if (now >= this.#endsAt) this.#turn(now);
    let failed = 0;
    let calls = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      failed += this.#failed[bucket]!;
      calls += this.#failed[bucket]! + this.#answered[bucket]!;
    }
    return { calls, failed };
  }

  clear(): void {
    this.#answered.fill(0);
    this.#failed.fill(0);
  }

  #turn(now: number): void {
    const passed = Math.floor((now - this.#endsAt) / this.#bucketMs) + 1;
    if (passed >= BUCKETS) {
      this.clear();
      this.#endsAt = now + this.#bucketMs;
      return;
    }
    for (let turn = 0; turn < passed; turn++) {
      this.#current = (this.#current + 1) % BUCKETS;
      this.#answered[this.#current] = 0;
      this.#failed[this.#current] = 0;
    }
    this.#endsAt += passed * this.#bucketMs;
  }
}
