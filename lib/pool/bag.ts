import type pg from 'pg';
import { DeadlineList } from '../core/deadline-list.js';
import { outsideRequests } from '../core/root-scope.js';
import type { Scope } from '../core/scope/scope.js';
import { ShuttingDownError } from '../errors/errors.js';
import type { PoolCounts } from '../errors/errors.js';
import type { HookList } from '../monitor/hook-list.js';
import { requestCancel } from './cancel.js';
import type { CancelTarget } from './cancel.js';
import { forgetAllStatements } from './guarded-client.js';
import type { GuardedClient } from './guarded-client.js';
import type { Mode } from './mode.js';
import { Opener } from './opener.js';
import type { Failed } from './opener.js';
import { PoolEntry } from './pool-entry.js';
import type { EntryOwner } from './pool-entry.js';
import { DISCARD, nextStep } from './reclaim.js';
import type { ReclaimOptions } from './reclaim.js';
import { retire } from './retire.js';
import type { Circuit } from '../policy/circuit/circuit.js';
import type { CancelOnDisconnect } from './scope-rules.js';
import type { SlowStatements } from './slow-statements.js';
import { waitError } from './stop.js';
import { Waiters } from './waiters.js';
import type { AcquireCallback, Borrowing } from './waiters.js';

export interface BagOptions extends ReclaimOptions {
  name: string;
  max: number;
  acquireTimeoutMs: number;
  queryTimeoutMs: number;
  cancelGraceMs: number;
  cancelOnDisconnect: CancelOnDisconnect;
  mode: Mode;
  /** Time-outs that were set by pg's own names, and hold in every mode. */
  byHand: { readonly acquireTimeout: boolean; readonly queryTimeout: boolean };
  pingAfterIdleMs: number | false;
  pingTimeoutMs: number;
  allowExitOnIdle: boolean;
  stream: pg.ClientConfig['stream'];
  circuit: Circuit;
  slow: SlowStatements;
  hooks: HookList;
  sqlComments: boolean;
  /** Opens a connection. */
  dial: (signal: AbortSignal) => Promise<GuardedClient>;
  /** A new connection's latest moment, on the clock of the deadlines. */
  expiry: (now: number) => number;
}

/** pg.Pool's events, and `discard`: a connection was closed because it came back unclean or did not answer. */
export type BagEvent = 'connect' | 'acquire' | 'release' | 'remove' | 'error' | 'discard';

/** `error` comes with 'error', 'release' and 'discard'. */
export type BagListener = (event: BagEvent, entry: PoolEntry, error?: Error | boolean) => void;

// A comment alone: the server parses nothing, takes no snapshot, and answers EmptyQueryResponse.
const PING = '-- ping';

/**
 * The connections and those who wait for them. Whoever waits takes what comes first: a connection that is
 * returned, one that has answered its ping, or a new one; so nobody waits for the fate of one particular socket.
 */
export class Bag implements EntryOwner {
  readonly deadlines = new DeadlineList();
  readonly entries = new Set<PoolEntry>();
  /** Most recently used last. */
  readonly idle: PoolEntry[] = [];
  readonly waiters: Waiters;
  readonly queryTimeoutMs: number;
  readonly queryTimeoutIsByHand: boolean;
  readonly cancelGraceMs: number;
  readonly cancelOnDisconnect: CancelOnDisconnect;
  readonly stream: pg.ClientConfig['stream'];
  readonly mode: Mode;
  readonly circuit: Circuit;
  readonly slow: SlowStatements;
  readonly hooks: HookList;
  readonly sqlComments: boolean;
  backstopMs = 0;
  closing = false;
  readonly #options: BagOptions;
  readonly #listener: BagListener;
  readonly #opener: Opener;
  #checking = 0;
  #open = 0;
  #cancels = 0;
  /** How many connections may be in use; Infinity but for a moment after an outage. */
  #limit = Infinity;
  /** Since an outage, somebody has been waiting all the time. */
  #isCatchingUp = false;

  constructor(options: BagOptions, listener: BagListener) {
    this.#options = options;
    this.#listener = listener;
    const { acquireTimeoutMs, cancelOnDisconnect, mode, byHand } = options;
    this.queryTimeoutMs = options.queryTimeoutMs;
    this.queryTimeoutIsByHand = byHand.queryTimeout;
    this.cancelGraceMs = options.cancelGraceMs;
    this.cancelOnDisconnect = cancelOnDisconnect;
    this.stream = options.stream;
    this.mode = mode;
    this.circuit = options.circuit;
    this.slow = options.slow;
    this.hooks = options.hooks;
    this.sqlComments = options.sqlComments;
    this.#opener = new Opener({
      deadlines: this.deadlines,
      max: options.max,
      circuit: options.circuit,
      hooks: options.hooks,
      dial: options.dial,
      hasConnections: () => this.entries.size > 0,
      onLate: () => this.supply(),
    });
    const rules = { cancelOnDisconnect, mode, timeoutIsByHand: byHand.acquireTimeout };
    this.waiters = new Waiters(this.deadlines, acquireTimeoutMs, rules, ({ since, callback }, stop) => {
      const cause = this.#opener.causeSince(since);
      const counts = this.counts();
      counts.waiting += 1;
      this.hooks.onAcquireFailed(stop.kind, this.deadlines.now() - since);
      callback(waitError(stop, options.name, this.deadlines.now() - since, counts, cause), undefined);
    });
  }

  async cancel(target: CancelTarget): Promise<boolean> {
    this.#cancels += 1;
    const delivered = await requestCancel(target, this.cancelGraceMs);
    this.#cancels -= 1;
    return delivered;
  }

  /** Connections and those about to be: what counts against `max`. */
  get total(): number {
    return this.entries.size + this.#opener.young;
  }

  /** Sockets that have not closed yet, those of retired connections and of CancelRequests among them. */
  get openSockets(): number {
    return this.#open + this.#opener.size + this.#cancels;
  }

  /** The last reason why no connection could be opened; undefined since one was. */
  get lastDialError(): Error | undefined {
    return this.#opener.lastError;
  }

  /** See Opener. */
  isFullHouse(error: unknown): boolean {
    return this.#opener.isFullHouse(error);
  }

  counts(): PoolCounts {
    return {
      total: this.total,
      active: this.entries.size - this.idle.length,
      idle: this.idle.length,
      connecting: this.#opener.size,
      waiting: this.waiters.size,
      max: this.#options.max,
    };
  }

  /** An idle connection, at once; undefined where there is none that is known to be alive. */
  take(holder: Borrowing): PoolEntry | undefined {
    if (this.waiters.size > 0 || (this.#limit !== Infinity && this.#inUse >= this.#limit)) return undefined;
    const now = this.deadlines.now();
    const entry = this.#awaken(now);
    if (entry !== undefined) this.#hand(entry, holder, 0, now);
    return entry;
  }

  /** Queues for a connection. The callback is called later, once; never within this call. */
  wait(holder: Borrowing, callback: AcquireCallback, scope?: Scope, inContext?: (fn: () => void) => void): void {
    this.waiters.add(holder, callback, scope, inContext);
    this.supply();
  }

  /** While more wait than are on their way: wakes idle connections, then opens new ones. */
  supply(): void {
    while (!this.closing && this.waiters.size > this.#checking + this.#opener.young) {
      if (this.#limit !== Infinity && this.#inUse + this.#opener.young >= this.#limit) return;
      const checking = this.#checking;
      const now = this.deadlines.now();
      const entry = this.#awaken(now);
      if (entry !== undefined) this.#offer(entry, now);
      else if (this.#checking > checking) continue;
      else if (this.total < this.#options.max && this.#mayDial) void this.dialOne();
      else return;
    }
  }

  /**
   * After an outage no more attempts than twice the connections that have come about, so that a server that is slow to
   * accept them, with a whole fleet before it, is not asked for more and more of them meanwhile.
   */
  get #mayDial(): boolean {
    return !this.#isCatchingUp || this.#opener.young < 1 + this.entries.size;
  }

  /** Those that are in use, being checked or being closed among them. */
  get #inUse(): number {
    return this.entries.size - this.idle.length;
  }

  /** How many connections may be in use from now on; who comes above that waits. */
  setLimit(limit: number): void {
    this.#limit = limit;
    if (limit !== Infinity) this.#isCatchingUp = true;
    this.supply();
  }

  /** Refuses all who wait for a connection. */
  refuseAll(why: 'circuit-open' | 'closed', reason: () => Error): void {
    for (let waiter = this.waiters.shift(); waiter !== undefined; waiter = this.waiters.shift()) {
      this.hooks.onAcquireFailed(why, this.deadlines.now() - waiter.since);
      waiter.callback(reason(), undefined);
    }
  }

  /** Opens one connection into the bag. Never rejects: a failure goes to the one who has waited longest. */
  dialOne(): Promise<boolean> {
    // What waits for the outcome, and the listeners of 'connect', are none of the request that needs a connection first.
    return outsideRequests(() => this.#dialOne());
  }

  async #dialOne(): Promise<boolean> {
    const opened = await this.#opener.open();
    if ('error' in opened) {
      this.#onDialFailed(opened);
      return false;
    }
    this.#open += 1;
    const entry = new PoolEntry(opened.client, this, opened.token);
    entry.expiresAt = this.#options.expiry(this.deadlines.now());
    this.entries.add(entry);
    this.#listener('connect', entry);
    // One that was given up hope on may come after the one that was opened in its place.
    if (this.entries.size > this.#options.max) this.retire(entry);
    // A listener may have sent statements (SET …): the entry is offered when they are done.
    else if (entry.free) this.onFree(entry);
    if (this.#isCatchingUp) this.supply();
    return true;
  }

  /** A borrower or statement gives its connection back. `error`: destroy it. */
  release(entry: PoolEntry, error?: Error | boolean): void {
    // Looked at once for all that becomes of it now: a look at the clock is a good part of what a statement costs here.
    const now = this.deadlines.now();
    this.hooks.onReleased(now - entry.lentAt, entry.checkout);
    entry.checkout = undefined;
    this.#listener('release', entry, error);
    if (entry.dead !== undefined) return;
    // Whatever is truthy, as in pg.
    if (error) {
      entry.destroy(error instanceof Error ? error : new Error('Its borrower asked for this connection to be closed'));
      return;
    }
    entry.holder = 'pool';
    entry.uses += 1;
    entry.view = undefined;
    entry.longLived = false;
    if (entry.free) {
      this.#reclaim(entry, now);
    } else if (entry.hasSubmission) {
      entry.endSubmission();
    }
  }

  /** Closes politely, but not for long. */
  retire(entry: PoolEntry): void {
    this.entries.delete(entry);
    entry.holder = 'retired';
    retire(entry.client);
    this.supply();
  }

  /** Refuses all who wait and whatever comes; takes idle connections out. */
  close(): void {
    this.closing = true;
    this.#opener.close();
    const message = `Pool "${this.#options.name}" was closed while waiting for a connection`;
    this.refuseAll('closed', () => new ShuttingDownError(message));
    for (const entry of this.idle.splice(0)) this.retire(entry);
  }

  onFree(entry: PoolEntry): void {
    switch (entry.holder) {
      case 'statement':
        this.release(entry);
        return;
      case 'new':
        this.#offer(entry, this.deadlines.now());
        return;
      case 'pool':
        this.#reclaim(entry, this.deadlines.now());
        return;
      case 'borrower':
      case 'idle':
      case 'retired':
    }
  }

  onDead(entry: PoolEntry, error: Error): void {
    if (entry.holder === 'idle') {
      this.idle.splice(this.idle.indexOf(entry), 1);
      this.#listener('error', entry, error);
    } else if (entry.holder === 'pool') {
      this.#listener('discard', entry, error);
    } else if (entry.holder === 'statement') {
      // Nobody else gives it back; a borrower does.
      this.hooks.onReleased(this.deadlines.now() - entry.lentAt, undefined);
    }
    this.entries.delete(entry);
    this.supply();
  }

  onClosed(entry: PoolEntry): void {
    this.#open -= 1;
    this.#listener('remove', entry);
  }

  /** The connection is back and quiet: is it clean, and is it to be kept? */
  #reclaim(entry: PoolEntry, now: number): void {
    const step = nextStep(entry, now, this.#options);
    if (step.kind === 'destroy') entry.destroy(new Error(step.reason));
    else if (step.kind === 'retire') this.retire(entry);
    else if (step.kind === 'run') this.#check(entry, step.text);
    else this.#offer(entry, now);
  }

  #check(entry: PoolEntry, text: string): void {
    entry.holder = 'pool';
    this.#checking += 1;
    entry.runInternal(text, this.#options.pingTimeoutMs, (error) => {
      this.#checking -= 1;
      if (error != null) {
        if (text === PING) this.circuit.suspect(error);
        entry.destroy(error);
        // Somebody may have counted on this one.
        this.supply();
      } else if (text === DISCARD) forgetAllStatements(entry.client);
    });
  }

  /** The idle connection that was used last. One that was idle for long is pinged, and offered when it has answered. */
  #awaken(now: number): PoolEntry | undefined {
    const { pingAfterIdleMs, allowExitOnIdle } = this.#options;
    for (let entry = this.idle.pop(); entry !== undefined; entry = this.idle.pop()) {
      if (allowExitOnIdle) entry.client.ref();
      if (entry.expiresAt <= now) {
        this.retire(entry);
      } else if (pingAfterIdleMs !== false && now - entry.idleSince > pingAfterIdleMs) {
        this.#check(entry, PING);
        return undefined;
      } else {
        return entry;
      }
    }
    return undefined;
  }

  /** To the one who has waited longest, else to the idle ones. */
  #offer(entry: PoolEntry, now: number): void {
    if (this.closing) {
      this.retire(entry);
      return;
    }
    const waiter = this.waiters.shift();
    if (waiter !== undefined) {
      const { holder, inContext, callback } = waiter;
      // A listener of 'release' may have begun to wait since.
      const waitMs = Math.max(0, now - waiter.since);
      if (inContext === undefined) this.#hand(entry, holder, waitMs, now);
      else inContext(() => this.#hand(entry, holder, waitMs, now));
      callback(undefined, entry);
      return;
    }
    if (this.#limit === Infinity) this.#isCatchingUp = false;
    entry.holder = 'idle';
    entry.idleSince = now;
    if (this.#options.allowExitOnIdle) entry.client.unref();
    this.idle.push(entry);
  }

  #hand(entry: PoolEntry, holder: Borrowing, waitMs: number, now: number): void {
    entry.holder = holder;
    entry.reset = false;
    entry.lentAt = now;
    this.hooks.onAcquired(waitMs);
    this.#listener('acquire', entry);
  }

  #onDialFailed({ error, since, givenUp }: Failed): void {
    const { first } = this.waiters;
    // Whoever came later has not had an attempt of his own: this one may have begun in another outage. And one that was
    // given up has told nothing yet of what the next one will find.
    if (
      first !== undefined &&
      !givenUp &&
      first.since <= since &&
      this.waiters.size > this.#checking + this.#opener.young
    ) {
      this.waiters.shift();
      this.hooks.onAcquireFailed('connect', this.deadlines.now() - first.since);
      first.callback(error, undefined);
    }
    this.supply();
  }
}
