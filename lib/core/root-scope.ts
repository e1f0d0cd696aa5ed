import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

// Made when the module is loaded, before there is any request.
const root = new AsyncResource('express-db-resilience', { requireManualDestroy: true });

/**
 * Runs `fn` in no request's AsyncLocalStorage context. Sockets and timers keep the context in which they
 * are made for as long as they live, and those of a pool outlive the request that happened to need them.
 */
export function outsideRequests<T>(fn: () => T): T {
  return root.runInAsyncScope(fn);
}

/**
 * Binds a callback to the AsyncLocalStorage context of the caller, whoever calls it in the end. What it throws is
 * thrown on the next tick: here it would unwind pg's parser in the middle of a message, or the list of deadlines.
 */
export function boundToCaller<Args extends unknown[]>(callback: (...args: Args) => unknown): (...args: Args) => void {
  const scope = new AsyncResource('express-db-resilience.callback');
  return (...args) => {
    try {
      scope.runInAsyncScope(callback, undefined, ...args);
    } catch (error) {
      throwLater(error);
    }
  };
}

/** Runs things later in the AsyncLocalStorage context of now. */
export function callerContext(): (fn: () => void) => void {
  return AsyncLocalStorage.snapshot();
}

/** Makes it an uncaught exception, as it would be, without unwinding what is under way. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
