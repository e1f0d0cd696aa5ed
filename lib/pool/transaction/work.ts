import type pg from 'pg';
import { runBorrowed, submitBorrowed } from '../borrower.js';
import type { PoolEntry } from '../pool-entry.js';
import type { QueryCallback } from '../statement.js';
import type { Submittable } from '../submission.js';
import { TransactionMisuseError } from '../../errors/errors.js';
import type { View } from '../view.js';
import { undone } from './undone.js';

/** One attempt at a transaction on one connection. */
export class Work {
  /** What aborted the transaction on the server, before anything said 25P02. */
  firstError: Error | undefined;
  savepoints = 0;
  isReleased = false;
  /** A statement got no answer, and its caller was told that it will be undone. */
  isDoomed = false;
  /** COMMIT or ROLLBACK is on its way; after it the connection is somebody else's. */
  #isClosed = false;
  #errors: Set<unknown> | undefined;

  /** @param view how its user asked for it */
  constructor(
    readonly entry: PoolEntry,
    view: View | undefined,
  ) {
    entry.view = view;
  }

  /** It must not be committed. */
  get isAborted(): boolean {
    return this.isDoomed || this.entry.client.getTransactionStatus() === 'E';
  }

  /** Nothing of the transaction is sent any more, whoever still holds a part of it. */
  close(): void {
    this.#isClosed = true;
  }

  /** Before COMMIT; whatever fails here is undone. */
  send(config: unknown, values: unknown, callback: QueryCallback): void {
    if (this.#isClosed) {
      process.nextTick(callback, new TransactionMisuseError('The transaction has ended'));
      return;
    }
    runBorrowed(this.entry, config, values, (error, result) => {
      if (error == null) callback(null, result);
      else callback(this.#told(error));
    });
  }

  /** A cursor, stream or COPY; the same holds of what fails in it. */
  submit(submittable: Submittable): void {
    submitBorrowed(this.entry, submittable, (error) => (error instanceof Error ? this.#told(error) : error));
  }

  /** A statement of our own. */
  run(text: string): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      const { entry } = this;
      const { unfinished } = entry;
      this.send(text, undefined, (error, result) =>
        error == null ? resolve(result as pg.QueryResult) : reject(error),
      );
      // Where it was refused, ROLLBACK does as well. One of the user's may have been to clean up what ROLLBACK does not.
      entry.unfinished = unfinished;
    });
  }

  /**
   * A question of our own before BEGIN, in no scope: there it would be a read outside of a transaction, which ends when
   * the client leaves, and the transaction runs on then.
   */
  ask(text: string): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      const callback: QueryCallback = (error, result) =>
        error == null ? resolve(result as pg.QueryResult) : reject(this.#told(error));
      this.entry.run(text, undefined, callback, undefined, this.entry.view);
    });
  }

  /** COMMIT, of which a lost answer says nothing. */
  commit(callback: (error: Error | null | undefined, command?: string) => void): void {
    const { entry } = this;
    const { unfinished } = entry;
    runBorrowed(entry, 'COMMIT', undefined, (error, result) => {
      if (error != null) this.note(error);
      callback(error, (result as pg.QueryResult | undefined)?.command);
    });
    entry.unfinished = unfinished;
  }

  /** What the user of a statement is told of its failure. */
  #told(error: Error): Error {
    // One that COMMIT has overtaken may be committed with it.
    const told = this.#isClosed ? error : undone(error);
    if (told !== error) this.isDoomed = true;
    this.firstError ??= told;
    this.note(told);
    return told;
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
