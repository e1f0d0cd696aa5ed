import { DeadlineExceededError } from '../errors/errors.js';
import type { PoolEntry } from './pool-entry.js';
import { Statement } from './statement.js';
import type { QueryCallback } from './statement.js';

/** How long a ROLLBACK may take once the deadline has passed. */
const GRACE_MS = 1000;
/** How long its caller waits for it: on a healthy server it takes a round trip, and the request's answer is due. */
const ANSWER_MS = 25;

/**
 * A ROLLBACK whose deadline has passed already. It is sent all the same, so that the connection can be used again, but no
 * answer waits for it; a server that has not confirmed it after its second of grace loses the connection, and with it
 * the transaction.
 */
export class LateRollback extends Statement {
  readonly #deadlineMs: number;
  #endAt = 0;

  constructor(entry: PoolEntry, config: unknown, values: unknown, callback: QueryCallback, deadlineMs: number) {
    super(entry, config, values, GRACE_MS, false, callback);
    this.#deadlineMs = deadlineMs;
  }

  override start(): void {
    this.onTurn();
    const now = this.entry.deadlines.now();
    this.#endAt = now + GRACE_MS;
    this.entry.deadlines.add(this, now + ANSWER_MS);
  }

  override expire(now: number): void {
    this.answer(new DeadlineExceededError(this.#deadlineMs, { outcome: 'unknown' }));
    if (now < this.#endAt) this.entry.deadlines.add(this, this.#endAt);
    else this.entry.destroy(new Error('A ROLLBACK after the deadline was not confirmed within its second of grace'));
  }
}
