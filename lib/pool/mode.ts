import type { Logger } from '../core/logger.js';
import { outsideRequests } from '../core/root-scope.js';
import { AcquireTimeoutError, ConnectionLostError, QueryTimeoutError, ShuttingDownError } from '../errors/errors.js';
import type { ResolvedPoolOptions } from './options/index.js';
import type { Stop } from './stop.js';

/**
 * What a policy would do to work, or not let it do.
 *
 * - `acquire-timeout`, `query-timeout`: end it after `acquireTimeoutMs`, or `queryTimeoutMs`.
 * - `deadline`: end it, or not let it begin, since the deadline of the request has passed.
 * - `client-left`: the same, since the HTTP client has left.
 * - `circuit-open`: refuse it, since the circuit is open.
 * - `retry`: send it again.
 * - `answer`: answer its error in place of the application's own handler.
 */
export type WouldBe =
  'acquire-timeout' | 'query-timeout' | 'deadline' | 'client-left' | 'circuit-open' | 'retry' | 'answer';

export type WouldBeCounts = Readonly<Record<WouldBe, number>>;

/** Whether what the policies say is done, or only counted and logged. */
export interface Mode {
  readonly observes: boolean;
  /** True: do it. False: it has been counted, and is not to be done. */
  applies(what: WouldBe): boolean;
  /** What a caller is told of an error. */
  told<E>(error: E): E | Error;
  counts(): WouldBeCounts;
  /** Logs what has not been logged yet. */
  close(): void;
}

const none: WouldBeCounts = {
  'acquire-timeout': 0,
  'query-timeout': 0,
  deadline: 0,
  'client-left': 0,
  'circuit-open': 0,
  retry: 0,
  answer: 0,
};

export const enforce: Mode = {
  observes: false,
  applies: () => true,
  told: (error) => error,
  counts: () => none,
  close: () => undefined,
};

/** Between two lines about the same. */
const QUIET_MS = 1000;

/** Does nothing of it: the first of each kind is logged at once, and then a second's worth of them in one line. */
export class Observe implements Mode {
  readonly observes = true;
  readonly #pool: string;
  readonly #logger: Logger;
  /** The pool's `query_timeout`, by pg's name, which holds as it did in pg. */
  readonly #ownTimeoutMs: number | undefined;
  readonly #counts = { ...none };
  readonly #logged = { ...none };
  readonly #quiet = new Map<WouldBe, NodeJS.Timeout>();

  constructor(pool: string, logger: Logger, ownTimeoutMs: number | undefined) {
    this.#pool = pool;
    this.#logger = logger;
    this.#ownTimeoutMs = ownTimeoutMs;
  }

  applies(what: WouldBe): false {
    this.#counts[what] += 1;
    if (!this.#quiet.has(what)) this.#log(what);
    return false;
  }

  /** What pg itself would have said. */
  told<E>(error: E): E | Error {
    if (error instanceof ConnectionLostError) return originalOf(error);
    if (error instanceof AcquireTimeoutError) return new Error('timeout exceeded when trying to connect');
    if (error instanceof ShuttingDownError) return new Error('Cannot use a pool after calling end on the pool');
    const isPgs = error instanceof QueryTimeoutError && error.timeoutMs === this.#ownTimeoutMs;
    return isPgs ? new Error('Query read timeout') : error;
  }

  counts(): WouldBeCounts {
    return { ...this.#counts };
  }

  close(): void {
    for (const [what, timer] of this.#quiet) {
      clearTimeout(timer);
      this.#report(what);
    }
    this.#quiet.clear();
  }

  #log(what: WouldBe): void {
    this.#report(what);
    const timer = outsideRequests(() =>
      setTimeout(() => {
        this.#quiet.delete(what);
        if (this.#counts[what] > this.#logged[what]) this.#log(what);
      }, QUIET_MS),
    );
    timer.unref();
    this.#quiet.set(what, timer);
  }

  #report(what: WouldBe): void {
    const total = this.#counts[what];
    const count = total - this.#logged[what];
    if (count === 0) return;
    this.#logged[what] = total;
    try {
      this.#logger.warn({ pool: this.#pool, would_be: what, count, total }, `Observed only: ${sentences[what]}`);
    } catch {
      // A log that fails is not to fail what is only observed.
    }
  }
}

const sentences: Readonly<Record<WouldBe, string>> = {
  'acquire-timeout': 'a wait for a connection would have been ended after acquireTimeoutMs',
  'query-timeout': 'a statement would have been cancelled after queryTimeoutMs',
  deadline: 'work would have been ended, or not begun, at the deadline of its request',
  'client-left': 'work would have been ended, or not begun, since the HTTP client has left',
  'circuit-open': 'a call would have been refused by an open circuit',
  retry: 'a statement would have been sent again',
  answer: 'an error would have been answered with 503 or 504',
};

export function modeFor({ mode, name, logger, byHand, queryTimeoutMs }: ResolvedPoolOptions): Mode {
  if (mode === 'enforce') return enforce;
  return new Observe(name, logger, byHand.queryTimeout && queryTimeoutMs !== false ? queryTimeoutMs : undefined);
}

function originalOf(error: Error): Error {
  let original: unknown = error;
  for (let depth = 0; depth < 4 && original instanceof ConnectionLostError; depth++) original = original.cause;
  return original instanceof Error && !(original instanceof ConnectionLostError)
    ? original
    : new Error('Connection terminated unexpectedly');
}

/** What ends work for this; undefined where somebody has asked for it by hand, and it is no policy's. */
export function wouldBe(
  stop: Stop,
  timeout: 'acquire-timeout' | 'query-timeout',
  isTimeoutByHand: boolean,
): WouldBe | undefined {
  switch (stop.kind) {
    case 'timeout':
      return isTimeoutByHand ? undefined : timeout;
    case 'deadline':
      return stop.scope.ofRequest ? 'deadline' : undefined;
    case 'cancelled':
      return stop.reason.by === 'client' ? 'client-left' : undefined;
  }
}
