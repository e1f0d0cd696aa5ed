import { Expiring } from '../core/deadline-list.js';
import { sqlstate } from '../errors/classify.js';
import { ConnectionLostError, QueryTimeoutError } from '../errors/errors.js';
import type { PoolEntry } from './pool-entry.js';

export type QueryCallback = (error: Error | null | undefined, result?: unknown) => void;

/**
 * How long a statement that ran out of time may still say what became of it before its caller is answered.
 * A CancelRequest and its answer take 1 to 3 ms on a healthy server nearby, so nearly every time-out comes with
 * proof that the statement was undone; the rest of the time is for servers that are busy or far away.
 */
const CONFIRM_MS = 250;

/** One statement on its way: waiting its turn on a connection, sent, being cancelled, answered. */
export class Statement extends Expiring {
  /** `cancelling`: its time is over and the server has been asked to stop it. */
  state: 'queued' | 'sent' | 'cancelling' = 'queued';
  /** What must go before it on the connection has been sent. */
  prepared = false;
  error: Error | undefined;
  result: unknown;
  /** The statement was sent a second time, after a stale prepared statement was dropped. */
  healed = false;
  #callback: QueryCallback | undefined;

  constructor(
    readonly entry: PoolEntry,
    readonly config: unknown,
    readonly values: unknown,
    readonly timeoutMs: number,
    /** The pool's own work (ping, reset): its time-out condemns the connection instead of cancelling. */
    readonly internal: boolean,
    callback: QueryCallback,
  ) {
    super();
    this.#callback = callback;
    this.prepared = internal;
  }

  get name(): string | undefined {
    const { config } = this;
    return typeof config === 'object' ? (config as { name?: string }).name : undefined;
  }

  get text(): string {
    const { config } = this;
    return typeof config === 'string' ? config : ((config as { text?: string }).text ?? '');
  }

  override expire(now: number): void {
    const { entry } = this;
    if (this.internal) {
      entry.destroy(new QueryTimeoutError(this.timeoutMs, { outcome: 'unknown' }));
    } else if (this.state === 'queued') {
      entry.withdraw(this);
      this.answer(new QueryTimeoutError(this.timeoutMs, { outcome: 'not-executed' }));
    } else if (this.state === 'sent') {
      this.state = 'cancelling';
      entry.deadlines.add(this, now + CONFIRM_MS);
      entry.cancelActive();
    } else {
      // Late rows or an error may be on their way already; the connection waits for them, the caller does not.
      if (this.error === undefined) this.answer(new QueryTimeoutError(this.timeoutMs, { outcome: 'unknown' }));
      else this.settle();
    }
  }

  /** Tells the caller what became of the statement; once. */
  settle(): void {
    if (this.error === undefined) this.answer(undefined, this.result);
    else if (this.state === 'cancelling' && sqlstate(this.error) === '57014')
      this.answer(new QueryTimeoutError(this.timeoutMs, { outcome: 'rolled-back', cause: this.error }));
    else this.answer(this.error);
  }

  /** The connection is gone. */
  abandon(cause: Error): void {
    if (this.error !== undefined && sqlstate(this.error) !== undefined) this.settle();
    else if (this.state === 'cancelling')
      this.answer(new QueryTimeoutError(this.timeoutMs, { outcome: 'unknown', cause }));
    else if (this.state === 'queued')
      this.answer(
        new ConnectionLostError('The connection was lost before the statement was sent', {
          outcome: 'not-executed',
          cause,
        }),
      );
    else
      this.answer(
        new ConnectionLostError(
          'The connection was lost while the statement ran; whether it took effect is not known',
          {
            outcome: 'unknown',
            cause,
          },
        ),
      );
  }

  refuse(error: Error): void {
    this.answer(error);
  }

  answer(error: Error | undefined, result?: unknown): void {
    const callback = this.#callback;
    if (callback === undefined) return;
    this.#callback = undefined;
    this.entry.deadlines.remove(this);
    if (error === undefined) callback(null, result);
    else callback(error);
  }
}
