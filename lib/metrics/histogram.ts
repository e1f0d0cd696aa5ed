/** Upper bounds of the buckets in seconds: OpenTelemetry's for `db.client.operation.duration`. */
export const bucketBounds: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** How many durations fell into which bucket. In plain numbers, since each statement is counted in it. */
export class Histogram {
  // One more than there are bounds, for what is longer than the last.
  readonly #counts = new Float64Array(bucketBounds.length + 1);
  #sumMs = 0;

  observe(ms: number): void {
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < bucketBounds.length && seconds > (bucketBounds[bucket] as number)) bucket++;
    (this.#counts[bucket] as number)++;
    this.#sumMs += ms;
  }

  /** For each bound, and then for all, how many were no longer. */
  cumulative(): number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => (total += count));
  }

  /** Seconds. */
  get sum(): number {
    return this.#sumMs / 1000;
  }
}
