import type pg from 'pg';
import type { DeadlineList } from '../core/deadline-list.js';
import { Expiring } from '../core/deadline-list.js';
import type { Scope } from '../core/scope/scope.js';
import type { Circuit } from '../policy/circuit/circuit.js';
import { commits } from '../core/sql/commits.js';
import { isRead } from '../core/sql/is-read.js';
import type { HookList } from '../monitor/hook-list.js';
import { Backstop } from './backstop.js';
import type { Checkout } from './checkout.js';
import { cancelTarget } from './cancel.js';
import type { CancelTarget } from './cancel.js';
import type { Mode } from './mode.js';
import type { CancelOnDisconnect } from './scope-rules.js';
import type { View } from './view.js';
import { destroySocket, endClosing, entryOf } from './guarded-client.js';
import type { GuardedClient } from './guarded-client.js';
import type { SlowStatements } from './slow-statements.js';
import { StalePlans } from './stale-plans.js';
import { Submission } from './submission.js';
import { unshared } from './query-forms.js';
import { Statement } from './statement.js';
import { tagged } from './tagged.js';
import type { QueryCallback } from './statement.js';

/** What an entry needs of the pool that holds it. */
export interface EntryOwner {
  readonly deadlines: DeadlineList;
  /** 0: none. */
  readonly queryTimeoutMs: number;
  readonly cancelGraceMs: number;
  readonly cancelOnDisconnect: CancelOnDisconnect;
  readonly mode: Mode;
  /** `queryTimeoutMs` was set by pg's name of it. */
  readonly queryTimeoutIsByHand: boolean;
  readonly circuit: Circuit;
  readonly slow: SlowStatements;
  readonly hooks: HookList;
  /** Statements are sent with the tags of their request. */
  readonly sqlComments: boolean;
  /** The server's own statement_timeout on this pool's connections; 0 where it has none of ours. */
  readonly backstopMs: number;
  /** pg's option of that name: CancelRequests go the same way as the connections. */
  readonly stream: pg.ClientConfig['stream'];
  /** See requestCancel. */
  cancel(target: CancelTarget): Promise<boolean>;
  /** Nothing is active, nothing waits its turn, no cancel is under way. */
  onFree(entry: PoolEntry): void;
  /** The connection is gone; everything on it has been answered. */
  onDead(entry: PoolEntry, error: Error): void;
  /** The socket has closed. */
  onClosed(entry: PoolEntry): void;
}

/** Who has the connection; `pool` while it is being checked or reset, `retired` while it says goodbye. */
export type Holder = 'new' | 'idle' | 'statement' | 'borrower' | 'pool' | 'retired';

/** What is being ended on a connection, on its user's side, may take so long until the server is ready again. */
export const CLOSING_MS = 500;

/**
 * One connection of the pool. Statements pass through it one at a time, so that at any moment it is known
 * what the server is doing and whom a CancelRequest would hit.
 */
export class PoolEntry {
  holder: Holder = 'new';
  dead: Error | undefined;
  idleSince = 0;
  expiresAt = Infinity;
  uses = 0;
  /** DISCARD ALL has been run since the last borrower. */
  reset = false;
  /** How its borrower asked for it; undefined where he asked the pool itself. */
  view: View | undefined;
  /** Since when it is lent. */
  lentAt = 0;
  /** To whom; undefined where nobody wants to know. */
  checkout: Checkout | undefined;
  /** Its borrower keeps it for long, by his own word or by LISTEN: no scope binds what he does with it. */
  longLived = false;
  /** A statement of its borrower was refused for its scope's sake: what he meant to leave clean may not be. */
  unfinished = false;
  readonly backstop: Backstop;
  #active: Statement | Submission | undefined;
  readonly #waiting: (Statement | Submission)[] = [];
  #cancelling = false;
  readonly #grace = new Grace(this);
  readonly #plans: StalePlans;
  readonly #target: CancelTarget | undefined;

  constructor(
    readonly client: GuardedClient,
    readonly owner: EntryOwner,
    /** The circuit's, of the attempt to connect: that an old connection is lost says less than that a new one is. */
    readonly token: number,
  ) {
    client[entryOf] = this;
    this.#plans = new StalePlans(client);
    this.backstop = new Backstop(() => owner.backstopMs);
    // Now: a closed socket does not tell any more where it led.
    this.#target = cancelTarget(client, owner.stream);
  }

  get deadlines(): DeadlineList {
    return this.owner.deadlines;
  }

  get free(): boolean {
    return this.#active === undefined && !this.#cancelling && this.#waiting.length === 0;
  }

  /** Its borrower keeps it for long. */
  keepLong(): void {
    this.longLived = true;
    if (this.checkout !== undefined) this.checkout.isLongLived = true;
  }

  /** Something of a user's is under way on it. */
  get isRunning(): boolean {
    return this.#active !== undefined;
  }

  /** A cursor, stream or COPY has the connection, or will have it. */
  get hasSubmission(): boolean {
    return this.#active instanceof Submission || this.#waiting.some((work) => work instanceof Submission);
  }

  /** What runs, or the next one to run, is part of a transaction block. */
  get inTransaction(): boolean {
    return this.client.getTransactionStatus() !== 'I';
  }

  /** A borrower keeps using what it has given back. */
  get released(): boolean {
    return this.holder === 'idle' || this.holder === 'pool' || this.holder === 'retired';
  }

  run(config: unknown, values: unknown, callback: QueryCallback, scope?: Scope, view?: View): void {
    const own = typeof config === 'object' ? (config as { query_timeout?: unknown }).query_timeout : undefined;
    const byHand = typeof own === 'number' ? own : view?.timeoutMs;
    const { owner } = this;
    const statement = new Statement(this, config, values, byHand ?? owner.queryTimeoutMs, false, callback, scope);
    if (owner.mode.observes) statement.timeoutIsByHand = byHand !== undefined || owner.queryTimeoutIsByHand;
    this.start(statement);
  }

  /** Begins its time, and sends it at once or after those before it. */
  start(work: Statement | Submission): void {
    work.start();
    if (this.dead !== undefined) {
      process.nextTick((cause: Error) => work.abandon(cause), this.dead);
    } else if (this.free) {
      this.#send(work);
    } else {
      this.#waiting.push(work);
    }
  }

  /** The pool's own statement. Where it does not answer in time, the connection is destroyed. */
  runInternal(text: string, timeoutMs: number, callback: QueryCallback): void {
    this.start(new Statement(this, text, undefined, timeoutMs, true, callback));
  }

  /** Takes back a statement that has not been sent. */
  withdraw(work: Statement | Submission): void {
    const index = this.#waiting.indexOf(work);
    if (index !== -1) this.#waiting.splice(index, 1);
  }

  /**
   * Asks the server to stop what runs. The entry stays busy until that can hit nothing else any more, and is
   * destroyed where that takes too long.
   */
  cancelActive(): void {
    this.giveUpAfter(this.owner.cancelGraceMs, 'The server did not confirm in time that it had cancelled a statement');
    const cancelled = this.#cancelling ? undefined : this.#requestCancel();
    if (cancelled === undefined) return;
    this.#cancelling = true;
    void cancelled.then((delivered) => {
      this.#cancelling = false;
      if (this.dead !== undefined) return;
      if (!delivered) this.destroy(new Error('A CancelRequest could not be delivered'));
      else if (this.#active === undefined) this.#next();
    });
  }

  /** Destroys the connection unless it is free by then. */
  giveUpAfter(ms: number, reason: string): void {
    this.#grace.reason = reason;
    this.deadlines.add(this.#grace, this.deadlines.now() + ms);
  }

  /** Whoever could read a cursor to its end has given the connection back. */
  endSubmission(): void {
    this.giveUpAfter(CLOSING_MS, 'A cursor, stream or COPY was still open when its client was released');
  }

  /** Closes the connection now, stops on the server what it ran, and answers everybody who waits for it. */
  destroy(reason: Error): void {
    if (this.dead !== undefined) return;
    if (!this.#cancelling) void this.#requestCancel();
    this.#die(reason);
  }

  /** ReadyForQuery has come and pg has nothing more to send. */
  onReady(): void {
    const active = this.#active;
    if (active === undefined || active.state === 'queued') return;
    this.#finish(active);
  }

  onConnectionError(error: Error): void {
    this.#lose(error);
  }

  onEnd(): void {
    this.#lose(new Error('Connection terminated'));
    this.owner.onClosed(this);
  }

  #send(work: Statement | Submission): void {
    const before = work.prepared ? undefined : this.#preparation(work);
    work.prepared = true;
    if (before !== undefined) {
      this.#waiting.unshift(work);
      work = new Statement(this, before, undefined, this.owner.cancelGraceMs, true, ignoreAnswer);
      work.start();
    }
    this.#active = work;
    work.onSent();
    if (work instanceof Submission) {
      if (this.released) this.endSubmission();
      this.client.submit(work.config);
      return;
    }
    try {
      const config = this.owner.sqlComments ? tagged(work.config, work.scope) : work.config;
      this.client.submit(unshared(config), work.values, (error, result) => this.#onAnswer(work, error, result));
    } catch (error) {
      // pg throws for what it cannot send before it has sent anything.
      work.error = error as Error;
      this.#finish(work);
      return;
    }
    if (work.error !== undefined && work === this.#active) {
      // A value that cannot be sent. pg 8.23 asks for ReadyForQuery all the same; 8.21 does not, and it would never come.
      this.giveUpAfter(CLOSING_MS, 'A value could not be sent, and the server was not ready again afterwards');
      work.settle();
    }
  }

  /** A statement that must go before this one, on the same connection. */
  #preparation(work: Statement | Submission): string | undefined {
    const status = this.client.getTransactionStatus();
    // Nothing but ROLLBACK can be run now.
    if (status === 'E') return undefined;
    // A submittable keeps its own time, and the server's clock goes on while a cursor is suspended.
    const timeoutMs = work instanceof Submission ? 0 : work.timeoutMs;
    const { queryTimeoutMs, backstopMs } = this.owner;
    const raise = this.backstop.raise(timeoutMs === 0 ? 0 : timeoutMs + backstopMs - queryTimeoutMs, status === 'T');
    if (raise !== undefined) return raise;
    return work instanceof Statement ? this.#plans.preparation(work.name) : undefined;
  }

  #onAnswer(statement: Statement, error: Error | null | undefined, result: unknown): void {
    // pg answers twice when a value cannot be serialised: the error, then an empty success at ReadyForQuery.
    if (statement !== this.#active || statement.error !== undefined) return;
    if (error == null) {
      statement.result = result;
      this.#finish(statement);
      return;
    }
    // pg reports an error before ReadyForQuery, when the transaction status is still the one from before.
    statement.error = error;
    // No ReadyForQuery will follow. Where the server speaks another language, the end of the connection tells.
    const { severity } = error as { severity?: unknown };
    if (severity === 'FATAL' || severity === 'PANIC') this.#die(error);
  }

  #finish(work: Statement | Submission): void {
    this.#active = undefined;
    if (work instanceof Submission) {
      work.onOver();
      this.owner.circuit.succeed(work.token);
    } else {
      this.deadlines.remove(work);
      if (work.error !== undefined && this.#heal(work)) return;
    }
    if (work instanceof Statement && work.internal) {
      // A check that failed must condemn the connection before anybody gets it.
      work.settle();
      if (this.dead === undefined) this.#next();
      return;
    }
    if (!this.#cancelling) this.#next();
    if (work instanceof Statement) work.settle();
  }

  /** True when the statement is on its way again. */
  #heal(statement: Statement): boolean {
    const { name, error } = statement;
    if (name === undefined || error === undefined || !this.#plans.isForgotten(name, error)) return false;
    // Inside a transaction the error has already aborted it.
    if (statement.healed || statement.state !== 'sent' || this.inTransaction) return false;
    statement.healed = true;
    statement.error = undefined;
    statement.state = 'queued';
    statement.prepared = false;
    statement.watch();
    this.#send(statement);
    return true;
  }

  #next(): void {
    this.deadlines.remove(this.#grace);
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.owner.onFree(this);
    } else {
      if (next instanceof Statement) next.onTurn();
      this.#send(next);
    }
  }

  /** The server may not have noticed, and a read that nobody waits for any more is only load; a write runs on. */
  #lose(error: Error): void {
    if (this.dead === undefined && this.holder !== 'retired') {
      const { circuit } = this.owner;
      if (this.#active === undefined) circuit.suspect(error);
      else circuit.fail(this.token, error);
    }
    if (this.dead === undefined && !this.#cancelling && this.#active !== undefined && isRead(this.#active.text)) {
      void this.#requestCancel();
    }
    this.#die(error);
  }

  /** Undefined where nothing runs that may be cancelled. */
  #requestCancel(): Promise<boolean> | undefined {
    const active = this.#active;
    if (active === undefined || this.#target === undefined || commits(active.text)) return undefined;
    return this.owner.cancel(this.#target);
  }

  #die(error: Error): void {
    if (this.dead !== undefined) return;
    this.dead = error;
    this.deadlines.remove(this.#grace);
    destroySocket(this.client);
    const active = this.#active;
    const waiting = this.#waiting.splice(0);
    this.#active = undefined;
    if (active instanceof Submission) endClosing(this.client);
    this.owner.onDead(this, error);
    active?.abandon(error);
    for (const work of waiting) work.abandon(error);
  }
}

/** The time within which a connection in doubt must prove clean. */
class Grace extends Expiring {
  reason = '';

  constructor(readonly entry: PoolEntry) {
    super();
  }

  override expire(): void {
    this.entry.destroy(new Error(this.reason));
  }
}

function ignoreAnswer(): void {}
