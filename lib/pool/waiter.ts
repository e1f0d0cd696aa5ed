import { Expiring } from '../core/deadline-list.js';
import type { Holder, PoolEntry } from './pool-entry.js';

export type AcquireCallback = (
  ...result: [error: Error, entry: undefined] | [error: undefined, entry: PoolEntry]
) => void;

/** A call that waits for a connection. */
export class Waiter extends Expiring {
  readonly since: number;

  constructor(
    now: number,
    readonly holder: Extract<Holder, 'statement' | 'borrower'>,
    readonly callback: AcquireCallback,
    readonly onExpired: (waiter: Waiter, now: number) => void,
  ) {
    super();
    this.since = now;
  }

  override expire(now: number): void {
    this.onExpired(this, now);
  }
}
