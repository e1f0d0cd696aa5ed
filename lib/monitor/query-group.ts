import { copyOf } from '../core/sql/copy-of.js';
import type { KnownStatement } from '../core/sql/statements.js';
import { Histogram } from './histogram.js';
import type { QueryPerformance } from './reports.js';

const LONGEST_SHOWN = 2000;
/** The object, its fingerprint and its place in a Map. */
const OVERHEAD_BYTES = 300;

/** What is known of the statements with one fingerprint. */
export class QueryGroup {
  readonly id: string;
  /** How many times the monitor will not drop it, though it is its turn. */
  chances = 0;
  readonly times = new Histogram();
  readonly #text: string;
  #errors = 0;
  #rows = 0;
  #lastRun = 0;

  constructor({ id, text }: KnownStatement) {
    this.id = id;
    this.#text = text.length > LONGEST_SHOWN ? copyOf(`${text.slice(0, LONGEST_SHOWN)} ...`) : text;
  }

  get errors(): number {
    return this.#errors;
  }

  /** Of memory, about: two a character at the most. */
  get bytes(): number {
    return OVERHEAD_BYTES + 2 * this.#text.length + this.times.bytes;
  }

  record(ms: number, rows: number | undefined, failed: boolean, now: number): void {
    this.times.record(ms);
    if (rows !== undefined) this.#rows += rows;
    if (failed) this.#errors += 1;
    this.#lastRun = now;
  }

  report(): QueryPerformance {
    const { times } = this;
    return {
      fingerprint: this.id,
      statement: this.#text,
      calls: times.count,
      errors: this.#errors,
      rows: this.#rows,
      total_ms: rounded(times.total),
      mean_ms: rounded(times.total / times.count),
      p50_ms: rounded(times.quantile(0.5)),
      p95_ms: rounded(times.quantile(0.95)),
      p99_ms: rounded(times.quantile(0.99)),
      max_ms: rounded(times.max),
      last_run: new Date(this.#lastRun).toISOString(),
    };
  }
}

/** To a thousandth: a statement may take less than a tenth. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
