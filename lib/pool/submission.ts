import { AsyncResource } from 'node:async_hooks';
import type pg from 'pg';
import { throwLater } from '../core/root-scope.js';

export type Submittable = pg.Submittable & { callback?: unknown; text?: string };

const handlers = [
  'handleRowDescription',
  'handleDataRow',
  'handlePortalSuspended',
  'handleCommandComplete',
  'handleEmptyQuery',
  'handleCopyInResponse',
  'handleCopyOutResponse',
  'handleCopyData',
  'handleReadyForQuery',
  'handleError',
] as const;

type Handlers = Partial<Record<(typeof handlers)[number], (...args: unknown[]) => unknown>>;

export function isSubmittable(value: unknown): value is Submittable {
  return typeof (value as { submit?: unknown } | null | undefined)?.submit === 'function';
}

/**
 * A cursor, a query stream or a COPY on its way. It talks to the connection itself and keeps its own time,
 * so there is no time-out here: all that the entry knows is when the server is ready again.
 */
export class Submission {
  state: 'queued' | 'sent' = 'queued';
  /** What must go before it on the connection has been sent. */
  prepared = false;
  readonly #submittable: Submittable;

  constructor(submittable: Submittable) {
    this.#submittable = submittable;
    // The socket's events come in the context of whichever request opened the connection.
    const scope = new AsyncResource('express-db-resilience.submittable');
    const target = submittable as Handlers;
    for (const name of handlers) {
      const handler = target[name];
      if (handler === undefined) continue;
      target[name] = (...args) => {
        try {
          scope.runInAsyncScope(handler, submittable, ...args);
        } catch (error) {
          // A listener of the user's, or an 'error' event that nobody listens to, in the middle of pg's parser.
          throwLater(error);
        }
      };
    }
  }

  get text(): string {
    return this.#submittable.text ?? '';
  }

  get config(): Submittable {
    return this.#submittable;
  }

  /** The connection is gone; once pg has the submittable, pg tells it itself. */
  abandon(cause: Error): void {
    if (this.state === 'queued') this.refuse(cause);
  }

  refuse(error: Error): void {
    (this.#submittable as Handlers).handleError?.(error, undefined);
  }
}
