import { EventEmitter } from 'node:events';
import { boolean, findProblem, integer, objectWith } from '../core/options.js';
import type { Rules } from '../core/options.js';
import type { Scope } from '../core/scope/scope.js';
import { ConfigurationError } from '../errors/errors.js';
import { longestMs } from './options/rules.js';

/** Options of `pool.withOptions()`. */
export interface ViewOptions {
  /**
   * Milliseconds that a statement may take, in place of the pool's `queryTimeoutMs`; also on clients that are checked out
   * through the view. 1 to 2147483647.
   */
  timeoutMs?: number | undefined;
  /**
   * Cancels what was asked for through the view and has no answer yet, writes included, a COMMIT excepted: statements on
   * the server, and waits for a connection. Of a client that is checked out, only the wait for it. `CancelledError`.
   */
  signal?: AbortSignal | undefined;
  /** What is run through the view only reads, and may be repeated even where it may have run. Default: false. */
  readOnly?: boolean | undefined;
  /** Done twice, it leaves the same as done once, so it may be repeated even where it may have run. Default: false. */
  idempotent?: boolean | undefined;
}

/** How a pool is used through one of its views. */
export interface View extends ViewOptions {
  /** The request whose `req.db` this is. */
  readonly scope?: Scope | undefined;
}

const rules: Rules<ViewOptions> = {
  timeoutMs: integer(1, longestMs, 'milliseconds'),
  signal: objectWith('addEventListener', 'removeEventListener', 'throwIfAborted'),
  readOnly: boolean,
  idempotent: boolean,
};

export function checkViewOptions(options: ViewOptions): void {
  const problem = findProblem(rules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, `withOptions: ${problem.message}`);
}

/**
 * What the views of a pool inherit from: the pool itself, and its listeners are the pool's. EventEmitter counts them on
 * the object that it is called on, so each of its methods is called on the pool.
 */
export function viewPrototype(pool: EventEmitter): object {
  const prototype = Object.create(pool) as Record<string, unknown>;
  const methods = EventEmitter.prototype as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(methods)) {
    const method = methods[name];
    if (name === 'constructor' || typeof method !== 'function') continue;
    Object.defineProperty(prototype, name, { value: method.bind(pool) as unknown });
  }
  return prototype;
}
