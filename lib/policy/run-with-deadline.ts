import { bindingScope, inScope } from '../core/scope/current.js';
import { Scope } from '../core/scope/scope.js';
import { ConfigurationError, DeadlineExceededError } from '../errors/errors.js';
import { assertTimeout, MOST_MS } from './timeout.js';

/** Statements that ran into the deadline have this long to say what became of them, and whoever ran them to say it better. */
const LAST_WORD_MS = 75;

/**
 * One deadline for everything that `fn` asks of a database, however deep: statements and waits for a connection end with
 * `DeadlineExceededError` when it has passed, cancelled on the server. For work outside a request, such as a job. Within
 * a request, or within another `runWithDeadline`, the earlier deadline holds.
 *
 * What `fn` does beyond the database is not stopped, but not waited for either. Once `fn` has settled, the deadline binds
 * nothing that begins later.
 *
 * @param ms milliseconds, 1 to 2,147,483,647
 * @returns what `fn` returns
 * @throws DeadlineExceededError (`outcome: 'unknown'`) where `fn` has not settled shortly after the deadline
 * @throws ConfigurationError where `ms` or `fn` is nothing of the kind
 */
export async function runWithDeadline<T>(ms: number, fn: () => T | PromiseLike<T>): Promise<T> {
  assertTimeout(ms, 'ms');
  if (typeof fn !== 'function') {
    const message = `fn: received ${fn === null ? 'null' : typeof fn}; accepted is a function`;
    throw new ConfigurationError('fn', message);
  }
  const scope = new Scope(ms, bindingScope());
  const { isObserved } = scope;
  const work = inScope(scope, async () => {
    try {
      return await fn();
    } finally {
      scope.finish();
    }
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const watch = () => {
      const deadlineAt = isObserved ? scope.earliestByHand : scope.earliestDeadline;
      const leftMs = deadlineAt + LAST_WORD_MS - performance.now();
      timer = setTimeout(onTime, Math.min(Math.max(leftMs, 0), MOST_MS));
    };
    const onTime = () => {
      const expired = scope.expired(performance.now() - LAST_WORD_MS, isObserved);
      // That of a request around it may have been moved.
      if (expired === undefined) watch();
      else reject(new DeadlineExceededError(expired.timeoutMs, { outcome: 'unknown' }, 'The work did not end'));
    };
    watch();
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
