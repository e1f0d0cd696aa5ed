import { outsideRequests } from '../../core/root-scope.js';
import { sqlstate } from '../../errors/classify.js';
import type { UnknownReason } from '../../errors/errors.js';
import type { GuardedClient } from '../guarded-client.js';
import { ASK_STATE, ASK_STATUS, AWAIT_STANDBYS, END_IDLE_OWNER, onlyRow } from './evidence.js';
import type { Evidence, Finding, Identity } from './evidence.js';
import { ask, Line } from '../line.js';
import type { Dial } from '../line.js';
import { isUnbroken, verdictOf } from './verdict.js';
import type { Verdict } from './verdict.js';

/** How a COMMIT without an answer turned out. */
export type Resolution = 'committed' | 'rolled-back' | { readonly unknown: UnknownReason };

/** One attempt to connect, and one question, may take so long; then another one is made. */
const PATIENCE_MS = 2000;
/** A server does not notice that nobody waits for a standby any more, so this is not given up as soon. */
const STANDBY_PATIENCE_MS = 10_000;
/** Between two rounds, at random. */
const LEAST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 120;

/**
 * Finds out what became of transactions whose COMMIT got no answer, by asking the primary on a connection of its own,
 * which is open only while there is something to ask.
 */
export class CommitResolver {
  readonly #asking: Line;
  /** Of its own: who waits for a standby must not keep others from their answers. */
  readonly #awaiting: Line;
  readonly #pending = new Set<Pending>();
  /** Those among them that are committed here, and not known to be on a standby. */
  readonly #ahead = new Set<Pending>();
  #isWorking = false;
  #isAwaiting = false;
  #closed = false;
  #abort = new AbortController();

  constructor(dial: Dial) {
    this.#asking = new Line(dial);
    this.#awaiting = new Line(dial);
  }

  /** It has a connection, or is opening one. */
  get isOpen(): boolean {
    return this.#isWorking || this.#isAwaiting || this.#asking.isOpen || this.#awaiting.isOpen;
  }

  /** @param until the moment on `performance.now()` at which the answer is due, whatever is known by then; never rejects */
  resolve(evidence: Evidence, until: number): Promise<Resolution> {
    if (this.#closed) return Promise.resolve({ unknown: 'closed' });
    const ms = until - performance.now();
    if (ms <= 0) return Promise.resolve({ unknown: 'deadline' });
    return new Promise((resolve) => {
      const pending = new Pending(evidence, ms, (resolution) => {
        this.#pending.delete(pending);
        this.#ahead.delete(pending);
        if (this.#pending.size === 0) this.#abort.abort();
        resolve(resolution);
      });
      this.#pending.add(pending);
      if (!this.#isWorking) void outsideRequests(() => this.#work());
    });
  }

  /** Answers all that is pending with `closed`. */
  close(): void {
    this.#closed = true;
    for (const pending of [...this.#pending]) pending.settle({ unknown: 'closed' });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#pending.size > 0) {
      if (this.#abort.signal.aborted) this.#abort = new AbortController();
      try {
        for (const pending of [...this.#pending]) if (!this.#ahead.has(pending)) await this.#look(pending);
      } catch {
        this.#asking.drop();
      }
      if (this.#pending.size > 0) await pauseBetween();
    }
    this.#isWorking = false;
    this.#asking.close();
  }

  async #look(pending: Pending): Promise<void> {
    const { signal } = this.#abort;
    const client = await this.#asking.connection(signal, PATIENCE_MS);
    const verdict = await judge(client, signal, pending);
    if (verdict === 'replicate') {
      this.#ahead.add(pending);
      if (!this.#isAwaiting) void this.#awaitStandbys();
    } else if (verdict !== 'wait') {
      pending.settle(verdict);
    }
  }

  /** One wait serves all who were committed before it began. Who comes meanwhile is served by the next. */
  async #awaitStandbys(): Promise<void> {
    this.#isAwaiting = true;
    while (this.#ahead.size > 0) {
      const { signal } = this.#abort;
      const served = [...this.#ahead];
      try {
        const client = await this.#awaiting.connection(signal, PATIENCE_MS);
        await awaitStandbys(client, signal);
        // Once more, and here: this connection may have reached another server than the one that was asked.
        for (const pending of served) {
          if ((await judge(client, signal, pending)) === 'replicate') pending.settle('committed');
        }
      } catch {
        this.#awaiting.drop();
      }
      for (const pending of served) this.#ahead.delete(pending);
    }
    this.#isAwaiting = false;
    this.#awaiting.close();
  }
}

async function judge(client: GuardedClient, signal: AbortSignal, pending: Pending): Promise<Verdict> {
  const { evidence } = pending;
  const state = onlyRow<Identity & Omit<Finding, 'identity' | 'status'>>(
    await ask(client, signal, PATIENCE_MS, ASK_STATE),
  );
  // Where a name leads to several servers, the next connection may reach the primary.
  if (state.timeline === null) throw new Error('A standby has answered');
  const status = await statusOf(client, signal, evidence.xid);
  const verdict = verdictOf(evidence, { ...state, identity: state, status });
  pending.lastSeen =
    status === 'in progress' ? 'in-progress' : verdict === 'replicate' ? 'not-replicated' : 'unreachable';
  // After a crash the id may be that of somebody who has nothing to do with this.
  if (verdict === 'wait' && isUnbroken(evidence.identity, state)) await endOwner(client, signal, evidence.xid);
  return verdict;
}

async function statusOf(client: GuardedClient, signal: AbortSignal, xid: string | null): Promise<Finding['status']> {
  try {
    return onlyRow<{ status: Finding['status'] }>(await ask(client, signal, PATIENCE_MS, ASK_STATUS, [xid])).status;
  } catch (error) {
    // "transaction ID … is in the future"
    if (sqlstate(error) === '22023') return 'future';
    throw error;
  }
}

/** COMMIT never reached it, or it would not be idle; and nobody will end it soon over a network that forgot it. */
async function endOwner(client: GuardedClient, signal: AbortSignal, xid: string | null): Promise<void> {
  try {
    await ask(client, signal, PATIENCE_MS, END_IDLE_OWNER, [xid]);
  } catch (error) {
    if (sqlstate(error) === undefined) throw error;
    // The role may not end it; the server's own time-outs will.
  }
}

/** @throws where the wait was broken off, which the server tells by a warning only */
async function awaitStandbys(client: GuardedClient, signal: AbortSignal): Promise<void> {
  let isBroken = false;
  const onNotice = (notice: { routine?: string | undefined }) => (isBroken ||= isBrokenWait(notice));
  client.on('notice', onNotice);
  try {
    await ask(client, signal, STANDBY_PATIENCE_MS, AWAIT_STANDBYS);
  } finally {
    client.removeListener('notice', onNotice);
  }
  if (isBroken) throw new Error('The wait for a standby was broken off');
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
