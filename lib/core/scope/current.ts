import { AsyncLocalStorage } from 'node:async_hooks';
import type { Scope } from './scope.js';

/** Outside of every scope on purpose, where undefined may as well mean that a library lost the context. */
const nowhere = Symbol('express-db-resilience.detached');

const storage = new AsyncLocalStorage<Scope | typeof nowhere>();

/** Runs `fn`, and whatever it starts, in this scope. */
export function inScope<T>(scope: Scope, fn: () => T): T {
  return storage.run(scope, fn);
}

/**
 * Runs `fn`, and whatever it starts, outside the request: no deadline binds it, and it is not cancelled when the HTTP
 * client leaves. For work that must go on after the answer, such as a job that a request only triggers.
 *
 * @returns what `fn` returns
 */
export function detached<T>(fn: () => T): T {
  return storage.run(nowhere, fn);
}

/**
 * The scope that binds what begins now. `own` is that of the request whose `req.db` is used: it holds where the context
 * was lost, and against the scope of another request that came along with a shared callback; not against a deadline that
 * was set outside of requests.
 */
export function bindingScope(own?: Scope): Scope | undefined {
  const store = storage.getStore();
  if (store === nowhere) return undefined;
  let scope = own === undefined || (store !== undefined && !store.isForeignTo(own)) ? store : own;
  while (scope?.over === true) scope = scope.parent;
  return scope;
}
