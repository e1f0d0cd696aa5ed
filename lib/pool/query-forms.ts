import { boundToCaller } from '../core/root-scope.js';
import { runBorrowed, submitBorrowed } from './borrower.js';
import type { PoolEntry } from './pool-entry.js';
import type { QueryCallback } from './statement.js';
import { isSubmittable, Submission } from './submission.js';

/** `client.query` in all the forms that pg has: text or config, values, callback or promise, Submittables. */
export function queryThrough(entry: PoolEntry, config: unknown, values: unknown, callback: unknown): unknown {
  if (config == null) throw new TypeError('Client was passed a null or undefined query');
  if (isSubmittable(config)) {
    config.callback ??= typeof values === 'function' ? values : callback;
    if (entry.released) {
      const submission = new Submission(entry, config, undefined);
      process.nextTick(() => submission.refuse(clientReleased()));
    } else {
      submitBorrowed(entry, config);
    }
    return config;
  }
  if (typeof values === 'function') {
    callback = values;
    values = undefined;
  }
  callback ??= (config as { callback?: unknown }).callback;
  if (callback === undefined) {
    if (entry.released) return Promise.reject(clientReleased());
    return new Promise((resolve, reject) => {
      runBorrowed(entry, config, values, (error, result) => (error == null ? resolve(result) : reject(error)));
    }).catch(rethrowFromCaller);
  }
  if (typeof callback !== 'function') throw new TypeError('callback is not a function');
  const bound = boundToCaller(callback as QueryCallback);
  if (entry.released) process.nextTick(bound, clientReleased());
  else runBorrowed(entry, config, values, bound);
  return undefined;
}

/** pg writes callback and values into the config object that it is given, which may be the caller's constant. */
export function unshared(config: unknown): unknown {
  if (typeof config !== 'object') return config;
  // The prototype keeps getters (sql-template-tag) and whatever options a later pg reads.
  return Object.create(config, {
    callback: { value: undefined, writable: true },
    values: { value: (config as { values?: unknown }).values, writable: true },
    query_timeout: { value: 0 },
  });
}

/** Gives an error that came from the socket the stack of the call that it answers. */
export function rethrowFromCaller(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error);
  throw error;
}

function clientReleased(): Error {
  return new Error('This client was released to the pool and is no longer yours; check one out with pool.connect()');
}
