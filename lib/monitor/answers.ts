import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import type { KnownStatement } from '../core/sql/statements.js';
import type { AnsweredStatement } from './hooks.js';
import type { QueryMonitor } from './queries.js';

interface Answer {
  readonly statement: KnownStatement;
  readonly ms: number;
  readonly rows: number | undefined;
  readonly failed: boolean;
  readonly at: number;
}

const MOST = 64;

/**
 * Answers on their way to the query monitor, so many at a time: between two system calls, what is called once for a
 * statement finds the caches of the CPU cold, and takes ten times as long. Whoever reads that monitor flushes these first.
 */
export class Answers {
  readonly #queries: QueryMonitor;
  readonly #clock: Clock;
  #waiting: Answer[] = [];

  constructor(queries: QueryMonitor, clock: Clock = systemClock) {
    this.#queries = queries;
    this.#clock = clock;
  }

  add(statement: KnownStatement, { rows, answeredAt: at }: AnsweredStatement, ms: number, failed: boolean): void {
    this.#waiting.push({ statement, ms, rows, failed, at });
    if (this.#waiting.length >= MOST) this.flush();
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const answers = this.#waiting;
    this.#waiting = [];
    const sinceEpoch = Date.now() - this.#clock.now();
    for (const { statement, ms, rows, failed, at } of answers) {
      this.#queries.record(statement, ms, rows, failed, sinceEpoch + at);
    }
  }
}
