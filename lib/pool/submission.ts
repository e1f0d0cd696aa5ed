import { AsyncResource } from 'node:async_hooks';
import type pg from 'pg';
import { Expiring } from '../core/deadline-list.js';
import { throwLater } from '../core/root-scope.js';
import type { Bound, Cancellation, Scope } from '../core/scope/scope.js';
import { classify, sqlstate } from '../errors/classify.js';
import { DbResilienceError } from '../errors/errors.js';
import { wouldBe } from './mode.js';
import type { PoolEntry } from './pool-entry.js';
import { beginsLate, CONFIRM_AT_DEADLINE_MS, deadlineOf, isUnwanted } from './scope-rules.js';
import { lostBeforeSent, lostWhileItRan, textOf } from './statement.js';
import { stopError } from './stop.js';
import type { Stop } from './stop.js';

export type Submittable = pg.Submittable & { callback?: unknown; text?: string };

const handlers = [
  'handleRowDescription',
  'handleDataRow',
  'handlePortalSuspended',
  'handleCommandComplete',
  'handleEmptyQuery',
  'handleCopyInResponse',
  'handleCopyOutResponse',
  'handleCopyData',
  'handleReadyForQuery',
  'handleError',
] as const;

type Handlers = Partial<Record<(typeof handlers)[number], (...args: unknown[]) => unknown>>;

export function isSubmittable(value: unknown): value is Submittable {
  return typeof (value as { submit?: unknown } | null | undefined)?.submit === 'function';
}

/**
 * A cursor, a query stream or a COPY on its way. It talks to the connection itself and keeps its own time, so there is
 * no time-out here, only the deadline of its scope: all else that the entry knows is when the server is ready again.
 */
export class Submission extends Expiring implements Bound {
  state: 'queued' | 'sent' = 'queued';
  /** What must go before it on the connection has been sent. */
  prepared = false;
  /** The circuit's. */
  token = 0;
  readonly #submittable: Submittable;
  readonly #toldOf: (error: unknown) => unknown;
  #stop: Stop | undefined;
  #told = false;
  #isSpared = false;

  constructor(
    readonly entry: PoolEntry,
    submittable: Submittable,
    readonly scope: Scope | undefined,
    /** What its user is told in place of an error. */
    told: (error: unknown) => unknown = (error) => entry.owner.mode.told(error),
  ) {
    super();
    this.#toldOf = told;
    this.#submittable = submittable;
    // The socket's events come in the context of whichever request opened the connection.
    const context = new AsyncResource('express-db-resilience.submittable');
    const target = submittable as Handlers;
    for (const name of handlers) {
      const handler = target[name];
      if (handler === undefined) continue;
      target[name] = (...args) => {
        if (name === 'handleError') {
          // Once: after the end of its time, the connection's own end is no news.
          if (this.#told) return;
          this.#told = this.#stop !== undefined;
          args[0] = this.#toldOf(this.#explained(args[0]));
        }
        try {
          context.runInAsyncScope(handler, submittable, ...args);
        } catch (error) {
          // A listener of the user's, or an 'error' event that nobody listens to, in the middle of pg's parser.
          throwLater(error);
        }
      };
    }
  }

  get text(): string {
    return textOf(this.#submittable);
  }

  get config(): Submittable {
    return this.#submittable;
  }

  start(): void {
    const { entry, scope } = this;
    const { circuit, mode } = entry.owner;
    this.token = circuit.begin();
    if (scope !== undefined) {
      this.#isSpared = beginsLate(scope, entry.deadlines.now(), mode);
      scope.bind(this);
    }
    this.#watch();
  }

  onSent(): void {
    this.state = 'sent';
    if (this.scope !== undefined) this.scope.usage.statements += 1;
  }

  /** The server is ready again, or the connection is gone. */
  onOver(): void {
    this.entry.deadlines.remove(this);
    this.scope?.unbind(this);
  }

  onDeadlineMoved(): void {
    if (this.#stop === undefined) this.#watch();
  }

  onCancelled(reason: Cancellation): void {
    if (this.#stop !== undefined) return;
    if (isUnwanted(reason, this.entry.owner.cancelOnDisconnect, this.text, this.entry.inTransaction))
      this.#end({ kind: 'cancelled', reason });
  }

  override expire(now: number): void {
    if (this.#stop !== undefined) {
      // A suspended cursor ignores a cancel, and a dead server does not answer one.
      const error = this.#toldOf(stopError(this.#stop, { outcome: 'unknown' })) as Error;
      this.refuse(error);
      // A stream whose reader stands still would hear of it at his next read.
      (this.#submittable as { destroy?: (error: Error) => void }).destroy?.(error);
      this.entry.destroy(error);
      return;
    }
    const expired = this.scope?.expired(now, this.#isSpared);
    if (expired === undefined) this.#watch();
    else this.#end({ kind: 'deadline', scope: expired });
  }

  /** The connection is gone; once pg has the submittable, pg tells it itself. */
  abandon(cause: Error): void {
    this.onOver();
    if (this.state === 'queued') this.refuse(lostBeforeSent(cause));
  }

  refuse(error: Error): void {
    (this.#submittable as Handlers).handleError?.(error, undefined);
  }

  #watch(): void {
    const at = this.scope === undefined ? Infinity : deadlineOf(this.scope, this.#isSpared);
    if (at === Infinity) this.entry.deadlines.remove(this);
    else this.entry.deadlines.add(this, at);
  }

  #end(stop: Stop): void {
    const { entry, scope } = this;
    const what = wouldBe(stop, 'query-timeout', true);
    if (what !== undefined && !entry.owner.mode.applies(what)) {
      if (stop.kind === 'deadline') this.#isSpared = true;
      this.#watch();
      return;
    }
    this.#stop = stop;
    if (scope !== undefined) scope.usage.cancellations += 1;
    if (this.state === 'queued') {
      entry.withdraw(this);
      this.onOver();
      this.refuse(stopError(stop, { outcome: 'not-executed' }));
      return;
    }
    // A client who has left waits for nothing; his cursor has as long as any cancelled statement.
    const leaves = stop.kind === 'cancelled' && stop.reason.by === 'client';
    if (leaves) entry.deadlines.remove(this);
    else entry.deadlines.add(this, entry.deadlines.now() + CONFIRM_AT_DEADLINE_MS);
    entry.cancelActive();
  }

  #explained(error: unknown): unknown {
    if (this.#stop !== undefined && sqlstate(error) === '57014')
      return stopError(this.#stop, { outcome: 'rolled-back', cause: error });
    if (DbResilienceError.is(error) || sqlstate(error) !== undefined) return error;
    // In pg's own words, or the socket's.
    return classify(error, 'statement').kind === 'connection-lost' ? lostWhileItRan(error) : error;
  }
}
