import { boundToCaller } from '../core/root-scope.js';
import { runBorrowed, submitBorrowed } from './borrower.js';
import type { PoolEntry } from './pool-entry.js';
import type { QueryCallback } from './statement.js';
import { isSubmittable, Submission } from './submission.js';
import type { Submittable } from './submission.js';

/** Through what a statement gets to its connection. */
export interface Door {
  /** Why it may not; undefined where it may. */
  refusal(entry: PoolEntry, config: unknown): Error | undefined;
  run(entry: PoolEntry, config: unknown, values: unknown, callback: QueryCallback): void;
  submit(entry: PoolEntry, submittable: Submittable): void;
}

const borrowed: Door = {
  refusal: (entry) => (entry.released ? clientReleased() : undefined),
  run: (entry, config, values, callback) => {
    const { mode } = entry.owner;
    if (!mode.observes) runBorrowed(entry, config, values, callback);
    else
      runBorrowed(entry, config, values, (error, result) =>
        error == null ? callback(error, result) : callback(mode.told(error)),
      );
  },
  submit: submitBorrowed,
};

/** `client.query` in all the forms that pg has: text or config, values, callback or promise, Submittables. */
export function queryThrough(
  entry: PoolEntry,
  config: unknown,
  values: unknown,
  callback: unknown,
  door: Door = borrowed,
): unknown {
  if (config == null) throw new TypeError('Client was passed a null or undefined query');
  const refused = door.refusal(entry, config);
  if (isSubmittable(config)) {
    config.callback ??= typeof values === 'function' ? values : callback;
    if (refused !== undefined) {
      const submission = new Submission(entry, config, undefined);
      process.nextTick(() => submission.refuse(refused));
    } else {
      door.submit(entry, config);
    }
    return config;
  }
  if (typeof values === 'function') {
    callback = values;
    values = undefined;
  }
  callback ??= (config as { callback?: unknown }).callback;
  if (callback === undefined) {
    if (refused !== undefined) return Promise.reject(refused);
    return new Promise((resolve, reject) => {
      door.run(entry, config, values, (error, result) => (error == null ? resolve(result) : reject(error)));
    }).catch(rethrowFromCaller);
  }
  if (typeof callback !== 'function') throw new TypeError('callback is not a function');
  const bound = boundToCaller(callback as QueryCallback);
  if (refused !== undefined) process.nextTick(bound, refused);
  else door.run(entry, config, values, bound);
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
