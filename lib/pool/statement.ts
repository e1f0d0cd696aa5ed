import type { Bound, Cancellation, Scope } from '../core/scope/scope.js';
import { Expiring } from '../core/deadline-list.js';
import { mayCommitPartly } from '../core/sql/commits.js';
import { sqlstate } from '../errors/classify.js';
import { ConnectionLostError, QueryTimeoutError } from '../errors/errors.js';
import type { Outcome } from '../errors/errors.js';
import { wouldBe } from './mode.js';
import type { PoolEntry } from './pool-entry.js';
import { beginsLate, CONFIRM_AT_DEADLINE_MS, deadlineOf, isUnwanted } from './scope-rules.js';
import { signOf } from '../policy/circuit/sign.js';
import type { Watched } from './slow-statements.js';
import { stopError } from './stop.js';
import type { Stop } from './stop.js';

export type QueryCallback = (error: Error | null | undefined, result?: unknown) => void;

/**
 * How long a statement that ran out of time may still say what became of it before its caller is answered.
 * A CancelRequest and its answer take 1 to 3 ms on a healthy server nearby, so nearly every time-out comes with
 * proof that the statement was undone; the rest of the time is for servers that are busy or far away.
 */
const CONFIRM_MS = 250;

/** One statement on its way: waiting its turn on a connection, sent, being cancelled, answered. */
export class Statement extends Expiring implements Bound {
  /** `cancelling`: its time is over and the server has been asked to stop it. */
  state: 'queued' | 'sent' | 'cancelling' = 'queued';
  /** What must go before it on the connection has been sent. */
  prepared = false;
  /** The circuit's. */
  token = 0;
  /** Somebody has asked for this time-out, so it ends the statement in every mode. */
  timeoutIsByHand = true;
  #isSpared = false;
  #watched: Watched | undefined;
  error: Error | undefined;
  result: unknown;
  answeredAt = 0;
  /** The statement was sent a second time, after a stale prepared statement was dropped. */
  healed = false;
  #callback: QueryCallback | undefined;
  #timeoutAt = Infinity;
  /** When its turn came: at once, unless others went before it. */
  #sentAt = 0;
  #stop: Stop | undefined;

  constructor(
    readonly entry: PoolEntry,
    readonly config: unknown,
    readonly values: unknown,
    readonly timeoutMs: number,
    /** The pool's own work (ping, reset): its time-out condemns the connection instead of cancelling. */
    readonly internal: boolean,
    callback: QueryCallback,
    readonly scope?: Scope,
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
    return textOf(this.config);
  }

  get requestId(): string | undefined {
    return this.scope?.requestId;
  }

  /** Of several statements in one text there are several numbers. */
  get rows(): number | undefined {
    return (this.result as { rowCount?: number | null } | undefined)?.rowCount ?? undefined;
  }

  /** Its time begins. */
  start(): void {
    const { scope, timeoutMs, entry } = this;
    if (!this.internal) {
      const { circuit, slow } = entry.owner;
      this.token = circuit.begin();
      if (slow.size > 0) this.#watched = slow.begin(this.text);
    }
    const now = entry.deadlines.now();
    if (timeoutMs > 0) this.#timeoutAt = now + timeoutMs;
    this.#sentAt = now;
    if (scope !== undefined) {
      this.#isSpared = beginsLate(scope, this.#sentAt, entry.owner.mode);
      scope.bind(this);
    }
    this.watch();
  }

  /** Has itself ended when its time is over, or its scope's. */
  watch(): void {
    const { scope } = this;
    const at = scope === undefined ? this.#timeoutAt : Math.min(this.#timeoutAt, deadlineOf(scope, this.#isSpared));
    if (at === Infinity) this.entry.deadlines.remove(this);
    else this.entry.deadlines.add(this, at);
  }

  /** Others went before it, and now it is its turn. */
  onTurn(): void {
    this.#sentAt = this.entry.deadlines.now();
  }

  onSent(): void {
    this.state = 'sent';
    if (this.scope !== undefined) this.scope.usage.statements += 1;
  }

  onDeadlineMoved(): void {
    if (this.state !== 'cancelling') this.watch();
  }

  onCancelled(reason: Cancellation): void {
    const { entry, state } = this;
    if (state === 'cancelling') return;
    if (isUnwanted(reason, entry.owner.cancelOnDisconnect, this.text, entry.inTransaction))
      this.#end({ kind: 'cancelled', reason });
  }

  override expire(now: number): void {
    const { entry } = this;
    if (this.internal) {
      entry.destroy(new QueryTimeoutError(this.timeoutMs, { outcome: 'unknown' }));
    } else if (this.state === 'cancelling') {
      // Late rows or an error may be on their way already; the connection waits for them, the caller does not.
      if (this.error === undefined) this.#answerStopped('unknown');
      else this.settle();
    } else if (now >= this.#timeoutAt) {
      this.#end({ kind: 'timeout', timeoutMs: this.timeoutMs });
    } else {
      const expired = this.scope?.expired(now, this.#isSpared);
      if (expired === undefined) this.watch();
      else this.#end({ kind: 'deadline', scope: expired });
    }
  }

  #end(stop: Stop): void {
    const { entry, scope, state } = this;
    const what = wouldBe(stop, 'query-timeout', this.timeoutIsByHand);
    if (what !== undefined && !entry.owner.mode.applies(what)) {
      if (stop.kind === 'timeout') this.#timeoutAt = Infinity;
      else if (stop.kind === 'deadline') this.#isSpared = true;
      if (stop.kind !== 'cancelled' && state === 'sent') {
        this.#tellCircuits(stopError(stop, { outcome: 'unknown' }));
        this.#watched = undefined;
      }
      this.watch();
      return;
    }
    this.#stop = stop;
    if (scope !== undefined) scope.usage.cancellations += 1;
    if (state === 'queued') {
      entry.withdraw(this);
      this.#answerStopped('not-executed');
      return;
    }
    this.state = 'cancelling';
    const now = entry.deadlines.now();
    const deadlineAt = scope === undefined ? Infinity : deadlineOf(scope, this.#isSpared);
    const latest = Math.max(now, deadlineAt) + CONFIRM_AT_DEADLINE_MS;
    entry.deadlines.add(this, Math.min(now + CONFIRM_MS, latest));
    entry.cancelActive();
  }

  #answerStopped(outcome: Outcome, cause?: Error): void {
    const details = cause === undefined ? { outcome } : { outcome, cause };
    this.answer(stopError(this.#stop ?? { kind: 'timeout', timeoutMs: this.timeoutMs }, details));
  }

  /** Tells the caller what became of the statement; once. */
  settle(): void {
    if (this.error === undefined) this.answer(undefined, this.result);
    else if (this.state === 'cancelling' && sqlstate(this.error) === '57014')
      this.#answerStopped(mayCommitPartly(this.text) ? 'unknown' : 'rolled-back', this.error);
    else this.answer(this.error);
  }

  /** The connection is gone. */
  abandon(cause: Error): void {
    if (this.error !== undefined && sqlstate(this.error) !== undefined) this.settle();
    else if (this.state === 'cancelling') this.#answerStopped('unknown', cause);
    else if (this.state === 'queued') this.answer(lostBeforeSent(cause));
    else this.answer(lostWhileItRan(cause));
  }

  answer(error: Error | undefined, result?: unknown): void {
    const callback = this.#callback;
    if (callback === undefined) return;
    this.#callback = undefined;
    const { entry, scope } = this;
    entry.deadlines.remove(this);
    this.answeredAt = entry.deadlines.now();
    const ms = this.state === 'queued' ? 0 : this.answeredAt - this.#sentAt;
    if (scope !== undefined) {
      scope.unbind(this);
      scope.usage.databaseMs += ms;
    }
    if (this.state !== 'queued' && !this.internal) entry.owner.hooks.onAnswered(this, ms, error);
    if (error === undefined) {
      entry.owner.circuit.succeed(this.token);
      if (this.#watched !== undefined) entry.owner.slow.onAnswer(this.#watched);
      callback(null, result);
    } else {
      this.#tellCircuits(error);
      callback(error);
    }
  }

  #tellCircuits(error: Error): void {
    const { circuit, slow } = this.entry.owner;
    const token = this.entry.dead === undefined ? this.token : this.entry.token;
    // That its connection is lost, the connection tells.
    const sign = error instanceof ConnectionLostError ? 'nothing' : signOf(error);
    circuit.settle(token, error, sign);
    if (sign === 'late') slow.onLate(this.text, this.#watched, this.entry.deadlines.now() - this.#sentAt, error);
    else if (this.#watched === undefined) return;
    else if (sign === 'answered') slow.onAnswer(this.#watched);
    else this.#watched.circuit.settle(this.#watched.token, error, 'nothing');
  }
}

export function lostBeforeSent(cause: unknown): ConnectionLostError {
  return new ConnectionLostError('The connection was lost before the statement was sent', {
    outcome: 'not-executed',
    cause,
  });
}

export function lostWhileItRan(cause: unknown): ConnectionLostError {
  return new ConnectionLostError(
    'The connection was lost while the statement ran; whether it took effect is not known',
    { outcome: 'unknown', cause },
  );
}

/** Of whatever pg takes as a statement; a query stream keeps it on the cursor that it wraps. */
export function textOf(config: unknown): string {
  if (typeof config === 'string') return config;
  const { text, cursor } = (config ?? {}) as { text?: string; cursor?: { text?: string } };
  const found: unknown = text ?? cursor?.text;
  // pg refuses anything else, in its own words.
  return typeof found === 'string' ? found : '';
}
