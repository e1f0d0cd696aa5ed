import type pg from 'pg';
import { outsideRequests } from '../../core/root-scope.js';
import { sqlstate } from '../../errors/classify.js';
import type { UnknownReason } from '../../errors/errors.js';
import { destroySocket } from '../guarded-client.js';
import type { GuardedClient } from '../guarded-client.js';
import { retire } from '../retire.js';
import { ASK_STATE, ASK_STATUS, AWAIT_STANDBYS, END_IDLE_OWNER, onlyRow } from './evidence.js';
import type { Evidence, Finding, Identity } from './evidence.js';
import { verdictOf } from './verdict.js';

/** How a COMMIT without an answer turned out. */
export type Resolution = 'committed' | 'rolled-back' | { readonly unknown: UnknownReason };

/** One attempt to connect, and one question, may take so long; then another one is made. */
const PATIENCE_MS = 2000;
/** Between two rounds, at random. */
const LEAST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 120;

/**
 * Finds out what became of transactions whose COMMIT got no answer, by asking the primary on a connection of its own,
 * which is open only while there is something to ask.
 */
export class CommitResolver {
  readonly #dial: (signal: AbortSignal) => Promise<GuardedClient>;
  readonly #pending = new Set<Pending>();
  #client: GuardedClient | undefined;
  #working = false;
  #sockets = 0;
  #closed = false;
  #abort = new AbortController();

  constructor(dial: (signal: AbortSignal) => Promise<GuardedClient>) {
    this.#dial = dial;
  }

  /** It has a connection, or is opening one. */
  get isOpen(): boolean {
    return this.#working || this.#sockets > 0;
  }

  /** @param until the moment on `performance.now()` at which the answer is due, whatever is known by then; never rejects */
  resolve(evidence: Evidence, until: number): Promise<Resolution> {
    if (this.#closed) return Promise.resolve({ unknown: 'closed' });
    const ms = until - performance.now();
    if (ms <= 0) return Promise.resolve({ unknown: 'deadline' });
    return new Promise((resolve) => {
      const pending = new Pending(evidence, ms, (resolution) => {
        this.#pending.delete(pending);
        if (this.#pending.size === 0) this.#abort.abort();
        resolve(resolution);
      });
      this.#pending.add(pending);
      if (!this.#working) void outsideRequests(() => this.#work());
    });
  }

  /** Answers all that is pending with `closed`. */
  close(): void {
    this.#closed = true;
    for (const pending of [...this.#pending]) pending.settle({ unknown: 'closed' });
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#pending.size > 0) {
      this.#abort = new AbortController();
      try {
        for (const pending of [...this.#pending]) await this.#ask(pending);
      } catch {
        this.#drop();
      }
      if (this.#pending.size > 0) await pauseBetween();
    }
    this.#working = false;
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) retire(client);
  }

  async #ask(pending: Pending): Promise<void> {
    const client = await this.#connection();
    const { evidence } = pending;
    const state = onlyRow<Identity & Omit<Finding, 'identity' | 'status'>>(await this.#query(client, ASK_STATE));
    const status = await this.#statusOf(client, evidence.xid);
    const verdict = verdictOf(evidence, { ...state, identity: state, status });
    pending.lastSeen = status === 'in progress' ? 'in-progress' : 'unreachable';
    if (verdict === 'wait') {
      if (status === 'in progress') await this.#endOwner(client, evidence.xid);
    } else if (verdict === 'replicate') {
      pending.lastSeen = 'not-replicated';
      await this.#awaitStandbys(client);
      pending.settle('committed');
    } else {
      pending.settle(verdict);
    }
  }

  async #statusOf(client: GuardedClient, xid: string | null): Promise<Finding['status']> {
    try {
      return onlyRow<{ status: Finding['status'] }>(await this.#query(client, ASK_STATUS, [xid])).status;
    } catch (error) {
      // "transaction ID … is in the future"
      if (sqlstate(error) === '22023') return 'future';
      throw error;
    }
  }

  /** COMMIT never reached it, or it would not be idle; and nobody will end it soon over a network that forgot it. */
  async #endOwner(client: GuardedClient, xid: string | null): Promise<void> {
    try {
      await this.#query(client, END_IDLE_OWNER, [xid]);
    } catch (error) {
      if (sqlstate(error) === undefined) throw error;
      // The role may not end it; the server's own time-outs will.
    }
  }

  /** @throws where the wait was broken off, which the server tells by a warning only */
  async #awaitStandbys(client: GuardedClient): Promise<void> {
    let isBroken = false;
    const onNotice = (notice: { routine?: string | undefined }) => (isBroken ||= isBrokenWait(notice));
    client.on('notice', onNotice);
    try {
      await this.#query(client, AWAIT_STANDBYS);
    } finally {
      client.removeListener('notice', onNotice);
    }
    if (isBroken) throw new Error('The wait for a standby was broken off');
  }

  async #connection(): Promise<GuardedClient> {
    if (this.#client?.lost !== undefined) this.#drop();
    if (this.#client !== undefined) return this.#client;
    const tooLong = AbortSignal.timeout(PATIENCE_MS);
    const client = await this.#dial(AbortSignal.any([tooLong, this.#abort.signal]));
    this.#sockets += 1;
    client.once('end', () => (this.#sockets -= 1));
    this.#client = client;
    return client;
  }

  async #query(client: GuardedClient, text: string, values?: unknown[]): Promise<pg.QueryResult> {
    const { signal } = this.#abort;
    let onAbort = (): void => undefined;
    const stopped = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(new Error('The question was not answered in time'));
    });
    const timer = setTimeout(onAbort, PATIENCE_MS);
    signal.addEventListener('abort', onAbort);
    try {
      signal.throwIfAborted();
      return await Promise.race([client.query(text, values), stopped]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #drop(): void {
    if (this.#client !== undefined) destroySocket(this.#client);
    this.#client = undefined;
  }
}

/** Committed, but not known to be on a standby: a statement_timeout, a cancel or a shutdown ended the wait for it. */
export function isBrokenWait({ routine }: { routine?: string | undefined }): boolean {
  // Not its message, which is in the server's language.
  return routine === 'SyncRepWaitForLSN';
}

class Pending {
  lastSeen: UnknownReason = 'unreachable';
  readonly #timer: NodeJS.Timeout;
  #tell: ((resolution: Resolution) => void) | undefined;

  constructor(
    readonly evidence: Evidence,
    ms: number,
    tell: (resolution: Resolution) => void,
  ) {
    this.#tell = tell;
    this.#timer = setTimeout(() => this.settle({ unknown: this.lastSeen }), Math.min(ms, 2 ** 31 - 1));
  }

  /** Once. */
  settle(resolution: Resolution): void {
    clearTimeout(this.#timer);
    const tell = this.#tell;
    this.#tell = undefined;
    tell?.(resolution);
  }
}

function pauseBetween(): Promise<void> {
  const ms = LEAST_PAUSE_MS + Math.random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, ms));
}
