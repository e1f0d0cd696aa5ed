import type pg from 'pg';
import { controlsTransaction } from '../../core/sql/commits.js';
import { TransactionMisuseError } from '../../errors/errors.js';
import type { PoolEntry } from '../pool-entry.js';
import { queryThrough } from '../query-forms.js';
import type { Door } from '../query-forms.js';
import { textOf } from '../statement.js';
import type { Submittable } from '../submission.js';
import type { QueryCallback } from '../statement.js';
import type { Work } from './work.js';

/** What the callback of `transaction()` works with. It is of no use any more once that callback has ended. */
export interface Transaction {
  /** As `query` of pg's Client. A COMMIT or ROLLBACK of one's own is refused, as is anything after the end. */
  readonly query: pg.ClientBase['query'];
  /**
   * A savepoint: what `fn` did is undone where it throws, and the transaction goes on if its error is caught. One at a time.
   */
  transaction<T>(fn: (tx: Transaction) => T | PromiseLike<T>): Promise<T>;
  /**
   * Calls `fn` once, when the transaction has been committed, and not at all where it was not, replays included. It is
   * not waited for; what it throws is logged, since the transaction stays committed.
   */
  afterCommit(fn: () => unknown): void;
}

/** The transaction itself, or a savepoint within it. */
export class Level implements Door {
  readonly hooks: (() => unknown)[] = [];
  readonly tx: Transaction;
  readonly #work: Work;
  #over = false;
  #inner: Level | undefined;

  constructor(work: Work) {
    this.#work = work;
    const query = (config: unknown, values?: unknown, callback?: unknown) =>
      queryThrough(work.entry, config, values, callback, this);
    this.tx = {
      query: query as pg.ClientBase['query'],
      transaction: (fn) => this.#nest(fn),
      afterCommit: (fn) => this.#onCommit(fn),
    };
  }

  refusal(_entry: PoolEntry, config: unknown): Error | undefined {
    if (this.#over) {
      return new TransactionMisuseError(
        'The transaction has ended: its tx may be used until its callback returns, and whatever uses it must be awaited',
      );
    }
    if (!controlsTransaction(textOf(config))) return undefined;
    return new TransactionMisuseError(
      'BEGIN, COMMIT and ROLLBACK are done by transaction(): return from the callback to commit, throw to roll back, ' +
        'and use tx.transaction() for a part that may fail',
    );
  }

  run(_entry: PoolEntry, config: unknown, values: unknown, callback: QueryCallback): void {
    this.#work.send(config, values, callback);
  }

  submit(_entry: PoolEntry, submittable: Submittable): void {
    this.#work.submit(submittable);
  }

  /** Nothing is taken any more. Told whether a savepoint within it is still open: somebody did not wait for it. */
  end(): { wasOpen: boolean } {
    this.#over = true;
    const inner = this.#inner;
    inner?.end();
    return { wasOpen: inner !== undefined };
  }

  async #nest<T>(fn: (tx: Transaction) => T | PromiseLike<T>): Promise<T> {
    const refused = this.refusal(this.#work.entry, '');
    if (refused !== undefined) throw refused;
    if (typeof fn !== 'function') throw new TransactionMisuseError('tx.transaction takes a function (tx) => promise');
    if (this.#inner !== undefined) {
      throw new TransactionMisuseError('Another tx.transaction() is still open here; await it before the next one');
    }
    const work = this.#work;
    const inner = new Level(work);
    this.#inner = inner;
    const name = `edr_${String(++work.savepoints)}`;
    let before: Pick<Work, 'firstError' | 'isDoomed'> | undefined;
    try {
      await work.run(`SAVEPOINT ${name}`);
      // Only now: what was sent before it may have failed while it waited its turn, and is not undone with it.
      before = { firstError: work.firstError, isDoomed: work.isDoomed };
      const result = await fn(inner.tx);
      assertClosed(inner.end());
      await work.run(`RELEASE SAVEPOINT ${name}`);
      this.hooks.push(...inner.hooks);
      return result;
    } catch (error) {
      inner.end();
      // Where it fails, the transaction stays aborted or its connection is gone, and COMMIT will tell.
      await work.run(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`).then(
        () => Object.assign(work, before),
        () => undefined,
      );
      throw error;
    } finally {
      this.#inner = undefined;
    }
  }

  #onCommit(fn: () => unknown): void {
    const refused = this.refusal(this.#work.entry, '');
    if (refused !== undefined) throw refused;
    if (typeof fn !== 'function') throw new TransactionMisuseError('tx.afterCommit takes a function');
    this.hooks.push(fn);
  }
}

export function assertClosed({ wasOpen }: { wasOpen: boolean }): void {
  if (wasOpen) {
    throw new TransactionMisuseError(
      'A tx.transaction() was still open at the end of the one around it; await it',
      'rolled-back',
    );
  }
}
