import type pg from 'pg';
import { runBorrowed } from '../borrower.js';
import type { PoolEntry } from '../pool-entry.js';
import type { QueryCallback } from '../statement.js';
import { undone } from './undone.js';

/** One attempt at a transaction on one connection. */
export class Work {
  /** What aborted the transaction on the server, before anything said 25P02. */
  firstError: Error | undefined;
  savepoints = 0;
  isReleased = false;
  #errors: Set<unknown> | undefined;

  constructor(readonly entry: PoolEntry) {}

  get isAborted(): boolean {
    return this.entry.client.getTransactionStatus() === 'E';
  }

  /** Before COMMIT; whatever fails here is undone. */
  submit(config: unknown, values: unknown, callback: QueryCallback): void {
    runBorrowed(this.entry, config, values, (error, result) => {
      if (error == null) {
        callback(null, result);
        return;
      }
      const told = undone(error);
      this.firstError ??= told;
      this.note(told);
      callback(told);
    });
  }

  run(text: string): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      this.submit(text, undefined, (error, result) =>
        error == null ? resolve(result as pg.QueryResult) : reject(error),
      );
    });
  }

  /** COMMIT, of which a lost answer says nothing. */
  commit(): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      runBorrowed(this.entry, 'COMMIT', undefined, (error, result) => {
        if (error == null) {
          resolve(result as pg.QueryResult);
        } else {
          this.note(error);
          reject(error);
        }
      });
    });
  }

  note(error: Error): void {
    (this.#errors ??= new Set()).add(error);
  }

  /** Whether an error came from this connection, and not from whatever else the callback works with. */
  isOwn(error: unknown): boolean {
    const errors = this.#errors;
    if (errors === undefined) return false;
    for (let depth = 0; depth < 4 && typeof error === 'object' && error !== null; depth++) {
      if (errors.has(error)) return true;
      error = (error as { cause?: unknown }).cause;
    }
    return false;
  }
}
