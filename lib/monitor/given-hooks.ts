import { noHooks } from './hooks.js';
import type { PoolHooks } from './hooks.js';

type AnyHook = (...args: unknown[]) => unknown;

/**
 * Hooks as somebody else has written them: some may be missing, and one may be an async function, whose rejection counts
 * as a throw.
 */
export function givenHooks(given: Partial<PoolHooks>, onRejected: (error: unknown) => void): PoolHooks {
  const hooks: Record<string, AnyHook> = {};
  for (const name of Object.keys(noHooks)) {
    const hook = (given as Record<string, unknown>)[name] as AnyHook | undefined;
    hooks[name] = (...args) => {
      const returned = hook?.apply(given, args);
      if (returned instanceof Promise) returned.catch(onRejected);
      return undefined;
    };
  }
  return hooks as unknown as PoolHooks;
}
