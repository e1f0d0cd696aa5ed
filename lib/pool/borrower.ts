import { bindingScope } from '../core/scope/current.js';
import type { Scope } from '../core/scope/scope.js';
import { firstWord } from '../core/sql/openings.js';
import { DeadlineExceededError } from '../errors/errors.js';
import type { DbResilienceError } from '../errors/errors.js';
import { LateRollback } from './late-rollback.js';
import type { PoolEntry } from './pool-entry.js';
import { refusal } from './scope-rules.js';
import { textOf } from './statement.js';
import type { QueryCallback } from './statement.js';
import { Submission } from './submission.js';
import type { Submittable } from './submission.js';

/** A statement of whoever has checked the client out, in the scope of the moment at which he sends it. */
export function runBorrowed(entry: PoolEntry, config: unknown, values: unknown, callback: QueryCallback): void {
  const text = textOf(config);
  const scope = scopeFor(entry, text);
  const refused = refusedIn(entry, scope, text);
  if (scope !== undefined) entry.owner.hooks.onAsked(text, scope);
  if (refused === undefined) {
    entry.run(config, values, callback, scope, entry.view);
  } else if (refused instanceof DeadlineExceededError && isRollback(text)) {
    entry.start(new LateRollback(entry, config, values, callback, refused.deadlineMs));
  } else {
    entry.unfinished = true;
    process.nextTick(callback, refused);
  }
}

/** @param told what its user is told in place of an error */
export function submitBorrowed(entry: PoolEntry, submittable: Submittable, told?: (error: unknown) => unknown): void {
  const text = textOf(submittable);
  const scope = scopeFor(entry, text);
  const submission = new Submission(entry, submittable, scope, told);
  const refused = refusedIn(entry, scope, text);
  if (refused === undefined) {
    entry.start(submission);
  } else {
    entry.unfinished = true;
    process.nextTick(() => submission.refuse(refused));
  }
}

function scopeFor(entry: PoolEntry, text: string): Scope | undefined {
  if (!entry.longLived && firstWord(text) === 'listen') entry.keepLong();
  return entry.longLived ? undefined : bindingScope(entry.view?.scope);
}

function refusedIn(entry: PoolEntry, scope: Scope | undefined, text: string): DbResilienceError | undefined {
  if (scope === undefined) return undefined;
  const refused = refusal(scope, entry.deadlines.now(), entry.owner, text, entry.inTransaction);
  // Nobody waits for the end of a transaction whose client has left, but it has to come.
  if (refused?.code === 'DB_CANCELLED' && endings.has(firstWord(text))) return undefined;
  return refused;
}

function isRollback(text: string): boolean {
  return rollbacks.has(firstWord(text));
}

const rollbacks = new Set(['rollback', 'abort']);
const endings = new Set([...rollbacks, 'commit', 'end']);
