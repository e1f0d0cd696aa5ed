import type { KnownStatement } from '../core/sql/statements.js';
import { QueryGroup } from './query-group.js';
import { QueryQueue } from './query-queue.js';
import type { QueryOrder, QueryPerformance } from './reports.js';

export interface QueryMonitorOptions {
  /** Of memory, about. Default 2,000,000. */
  readonly mostBytes?: number;
  /** Wall-clock milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** Newcomers give way first as long as they are more than this share of all groups. */
const NEWCOMERS_SHARE = 0.25;
/** More would keep what was called often long ago, and make the search for a victim longer. */
const MOST_CHANCES = 3;

const measureOf: Readonly<Record<QueryOrder, (group: QueryGroup) => number>> = {
  total: ({ times }) => times.total,
  mean: ({ times }) => times.total / times.count,
  calls: ({ times }) => times.count,
  max: ({ times }) => times.max,
  errors: ({ errors }) => errors,
};

/**
 * How often and how fast statements run, by their fingerprints. A group begins as a newcomer. Above `mostBytes` the oldest
 * newcomer is dropped, or becomes a regular where it was called a second time; so a flood of statements that come once
 * leaves the regulars alone. Where newcomers are few, the oldest regular goes, unless it was called since its last turn.
 * (S3-FIFO, without its ghosts.) A call buys at most one turn, so that the cost a call is constant.
 */
export class QueryMonitor {
  readonly #mostBytes: number;
  readonly #now: () => number;
  #newcomers = new QueryQueue();
  #regulars = new QueryQueue();
  #bytes = 0;

  constructor({ mostBytes = 2_000_000, now = Date.now }: QueryMonitorOptions = {}) {
    this.#mostBytes = mostBytes;
    this.#now = now;
  }

  /** Fingerprints known. */
  get size(): number {
    return this.#newcomers.size + this.#regulars.size;
  }

  /** Of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param at when, in wall-clock milliseconds; now unless told otherwise */
  record(statement: KnownStatement, ms: number, rows: number | undefined, failed: boolean, at = this.#now()): void {
    const { id } = statement;
    let group = this.#regulars.get(id) ?? this.#newcomers.get(id);
    let before = 0;
    if (group === undefined) {
      group = new QueryGroup(statement);
      this.#newcomers.add(group);
    } else {
      if (group.chances < MOST_CHANCES) group.chances += 1;
      before = group.bytes;
    }
    group.record(ms, rows, failed, at);
    this.#bytes += group.bytes - before;
    while (this.#bytes > this.#mostBytes && this.size > 0) this.#dropOne();
  }

  /** The first `limit` (10) groups, those with the greatest total time first, or as `sort` says. */
  performance({ limit = 10, sort = 'total' }: { limit?: number; sort?: QueryOrder } = {}): QueryPerformance[] {
    const measure = measureOf[sort];
    return [...this.#newcomers.values(), ...this.#regulars.values()]
      .sort((a, b) => measure(b) - measure(a))
      .slice(0, limit)
      .map((group) => group.report());
  }

  reset(): void {
    this.#newcomers = new QueryQueue();
    this.#regulars = new QueryQueue();
    this.#bytes = 0;
  }

  /** Drops a group, or lets it stay for another turn. */
  #dropOne(): void {
    const areMany = this.#newcomers.size > NEWCOMERS_SHARE * this.size;
    const group = (areMany ? this.#newcomers : this.#regulars).takeOldest();
    if (group === undefined) return;
    if (group.chances > 0) {
      group.chances -= 1;
      this.#regulars.add(group);
    } else {
      this.#bytes -= group.bytes;
    }
  }
}
