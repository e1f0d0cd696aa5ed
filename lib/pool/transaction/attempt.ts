import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '../../core/scope/scope.js';
import { classify } from '../../errors/classify.js';
import { CommitOutcomeUnknownError, TransactionMisuseError, TransactionRolledBackError } from '../../errors/errors.js';
import { isBrokenWait } from '../commit/resolver.js';
import type { Evidence, Identity } from '../commit/evidence.js';
import { CLOSING_MS } from '../pool-entry.js';
import { deadlineOf } from '../scope-rules.js';
import { Statement } from '../statement.js';
import { assertClosed, Level } from './level.js';
import type { Transaction } from './level.js';
import { Overrun } from './overrun.js';
import { lostWithin, undone } from './undone.js';
import type { Verifier } from './verifier.js';
import type { Work } from './work.js';

/** How long a ROLLBACK may take before its connection is closed instead, which rolls back as well. */
const ROLLBACK_MS = 1000;

export type Callback<T> = (tx: Transaction) => T | PromiseLike<T>;

export interface AttemptOptions {
  readonly begin: string;
  readonly isReadOnly: boolean;
  /** Undefined: what a COMMIT came to whose answer is lost is not looked for. */
  readonly verifier: Verifier | undefined;
  /** Milliseconds for that, where the deadline does not come first. */
  readonly resolveMs: number;
  readonly scope: Scope | undefined;
  /** Gives the connection back; with an error it is closed. */
  readonly release: (work: Work, error?: Error) => void;
}

/** What the callback returned, and what is to be called now. */
export interface Committed<T> {
  readonly result: T;
  readonly hooks: readonly (() => unknown)[];
}

/**
 * BEGIN, the callback, COMMIT, on one connection, which is given back in any case. Resolves where it was committed, with
 * what is to be called then. Else nothing of it is stored, or `CommitOutcomeUnknownError` says that this is not known.
 */
export async function attempt<T>(work: Work, fn: Callback<T>, options: AttemptOptions): Promise<Committed<T>> {
  const { verifier, scope, isReadOnly } = options;
  const level = new Level(work);
  const overrun =
    scope === undefined ? undefined : new Overrun(work.entry.deadlines, scope, work.entry.owner.mode.observes);
  try {
    let identity: Identity | undefined;
    if (verifier !== undefined && !isReadOnly) {
      identity = verifier.known(work) ?? (await inTime(verifier.identify(work), overrun));
    }
    await work.run(options.begin);
    const result = await inTime(fn(level.tx), overrun);
    assertClosed(level.end());
    if (work.entry.hasSubmission) await inTime(endOfSubmission(work), overrun);
    if (work.isAborted) throw new TransactionRolledBackError(work.firstError);
    const evidence = identity && (await verifier?.evidence(work, identity));
    // What was not waited for may have failed meanwhile.
    if (work.isAborted) throw new TransactionRolledBackError(work.firstError);
    await commit(work, evidence, options);
    return { result, hooks: level.hooks };
  } catch (error) {
    level.end();
    work.close();
    const undoing = rollBack(work, options, overrun?.error);
    // Past the deadline nobody waits for the ROLLBACK either.
    await (overrun === undefined ? undoing : overrun.race(undoing).catch(() => undefined));
    throw error;
  } finally {
    overrun?.stop();
  }
}

function inTime<T>(pending: T | PromiseLike<T>, overrun: Overrun | undefined): T | PromiseLike<T> {
  return overrun === undefined ? pending : overrun.race(pending);
}

function commit(work: Work, evidence: Evidence | undefined, options: AttemptOptions): Promise<void> {
  work.close();
  const { client } = work.entry;
  let isBroken = false;
  const onNotice = (notice: { routine?: string | undefined }) => (isBroken ||= isBrokenWait(notice));
  client.on('notice', onNotice);
  return new Promise((resolve, reject) => {
    work.commit((error, command) => {
      client.removeListener('notice', onNotice);
      if (error != null) {
        resolve(afterFailure(work, evidence, error, options));
      } else if (command !== 'COMMIT') {
        reject(new TransactionRolledBackError(work.firstError));
      } else {
        options.release(work);
        if (isBroken) reject(new CommitOutcomeUnknownError('not-replicated'));
        else resolve();
      }
    });
  });
}

/** COMMIT failed, or got no answer. Returns where it took effect. */
async function afterFailure(
  work: Work,
  evidence: Evidence | undefined,
  error: Error,
  { release, verifier, isReadOnly, resolveMs, scope }: AttemptOptions,
): Promise<void> {
  if (classify(error, 'commit').outcome !== 'unknown') throw error;
  release(work, error);
  // Nothing was written, so there is nothing that could be missing, or be there twice.
  if (isReadOnly || evidence?.xid === null) {
    const told = undone(error);
    work.note(told);
    throw told;
  }
  if (evidence === undefined || verifier === undefined) throw new CommitOutcomeUnknownError('not-verified', error);
  const deadlineAt = scope === undefined ? Infinity : deadlineOf(scope, work.entry.owner.mode.observes);
  const until = Math.min(performance.now() + resolveMs, deadlineAt);
  const resolution = await verifier.resolve(evidence, until);
  if (resolution === 'rolled-back') throw lostWithin(error);
  if (resolution !== 'committed') throw new CommitOutcomeUnknownError(resolution.unknown, error);
}

/**
 * COMMIT would wait behind a cursor, stream or COPY, for ever where nobody reads it on. One that has ended or failed says
 * so just before the server is ready again, and only then is known whether the transaction has been aborted.
 */
async function endOfSubmission({ entry }: Work): Promise<void> {
  for (const until = performance.now() + CLOSING_MS; entry.hasSubmission; await sleep(1)) {
    if (performance.now() < until) continue;
    throw new TransactionMisuseError(
      'A cursor, stream or COPY was still open at the end of its transaction; close it',
      'rolled-back',
    );
  }
}

/**
 * Never rejects. Where the server does not confirm it, the connection is closed, and the transaction ends with it.
 *
 * @param left why its callback was left alone: what that would have cleaned up, a lock of the session for one, it cannot
 * any more, so the connection is closed
 */
function rollBack(work: Work, { release }: AttemptOptions, left: Error | undefined): Promise<void> {
  const { entry } = work;
  if (work.isReleased) return Promise.resolve();
  if (entry.dead !== undefined || (entry.free && !entry.inTransaction)) {
    release(work, left);
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const done = (error: Error | null | undefined) => {
      release(work, error ?? left);
      resolve();
    };
    entry.start(new Statement(entry, 'ROLLBACK', undefined, ROLLBACK_MS, false, done));
  });
}
