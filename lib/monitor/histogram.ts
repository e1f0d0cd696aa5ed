const LEAST_MS = 0.01;
const MOST_MS = 3_600_000;
/** Each bucket ends so much above the one before it; its middle is then within 5 % of every time in it. */
const GROWTH = 1.1;
const PER_LOG = 1 / Math.log(GROWTH);
const LAST = Math.ceil(Math.log(MOST_MS / LEAST_MS) * PER_LOG);
/** Buckets are added by so many. */
const STEP = 8;

/**
 * Durations in milliseconds, from 0.01 ms to an hour, as counts in logarithmic buckets: a quantile is within 5 %. It has
 * only the buckets between the shortest and the longest time, 208 of them at the most.
 */
export class Histogram {
  /** The number of the bucket whose count is the first in `#counts`. */
  #first = 0;
  // Plain numbers, which do not wrap; a typed array would take more memory for as few as there mostly are.
  #counts: number[] = [];
  #count = 0;
  #total = 0;
  #min = Infinity;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get total(): number {
    return this.#total;
  }

  /** 0 where nothing was recorded. */
  get max(): number {
    return this.#max;
  }

  /** Of memory, about. */
  get bytes(): number {
    return 200 + 8 * this.#counts.length;
  }

  record(ms: number): void {
    const duration = ms > 0 ? ms : 0;
    const bucket = bucketOf(duration);
    let index = bucket - this.#first;
    if (index < 0 || index >= this.#counts.length) {
      this.#cover(bucket);
      index = bucket - this.#first;
    }
    this.#counts[index]! += 1;
    this.#count += 1;
    this.#total += duration;
    if (duration < this.#min) this.#min = duration;
    if (duration > this.#max) this.#max = duration;
  }

  /** The time within which the share `q` (0 to 1) of all was done; never beyond the least and the greatest. 0 where there is none. */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(Math.max(middleOf(this.#first + index), this.#min), this.#max);
    }
    return this.#max;
  }

  #cover(bucket: number): void {
    const counts = this.#counts;
    const own = bucket - (bucket % STEP);
    const first = counts.length === 0 ? own : Math.min(own, this.#first);
    const end = Math.max(own + STEP, this.#first + counts.length);
    const before = this.#first - first;
    this.#counts = Array.from({ length: end - first }, (_, index) => counts[index - before] ?? 0);
    this.#first = first;
  }
}

/** Bucket 0 ends at 0.01 ms, and the last one has no end. */
function bucketOf(ms: number): number {
  return ms <= LEAST_MS ? 0 : Math.min(LAST, Math.ceil(Math.log(ms / LEAST_MS) * PER_LOG));
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : LEAST_MS * GROWTH ** (bucket - 0.5);
}
