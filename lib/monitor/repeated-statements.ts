import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { copyOf } from '../core/sql/copy-of.js';
import type { KnownStatement, Statements } from '../core/sql/statements.js';
import { callSite } from './call-site.js';
import type { Trace } from './call-site.js';

export interface RepeatedStatementsOptions {
  /** So many runs of one statement in one request are worth a warning; `false`: none are. */
  readonly threshold: number | false;
  readonly logger: Logger;
  /** The pool's. */
  readonly name: string;
  readonly statements: Statements;
  readonly clock?: Clock;
}

/** Of the request, or within it: all of them have the same usage. */
export interface RequestScope {
  /** A job may well run one statement a thousand times. */
  readonly isInRequest: boolean;
  readonly usage: { repeated?: Map<string, number> };
  readonly requestId?: string | undefined;
}

interface Warned {
  at: number;
  /** Since then, without a line of their own. */
  requests: number;
}

const MOST_FINGERPRINTS = 200;
const MOST_WARNED = 200;
const REPEATED_AFTER_MS = 60_000;
const SHOWN_CHARACTERS = 500;
/** Between the application and this file there are the frames of this package, of a query builder and of a router. */
const FRAMES = 50;

/** A loop may well set a savepoint or a setting each time. */
const settings = /^(?:set|reset|show|savepoint|release|discard)\b/;

/**
 * Warns of a statement that runs again and again in one request, once for each row that another one has brought ("N+1").
 * The requests of one route are told of once a minute.
 */
export class RepeatedStatements {
  readonly #options: RepeatedStatementsOptions;
  readonly #clock: Clock;
  /** By fingerprint and call site, the one that was told of longest ago first. */
  readonly #warned = new Map<string, Warned>();

  constructor(options: RepeatedStatementsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** A statement is about to be run; in the call of whoever runs it. */
  asked(text: string, scope: RequestScope): void {
    const { threshold, statements } = this.#options;
    if (threshold === false || !scope.isInRequest) return;
    const statement = statements.of(text);
    const counts = (scope.usage.repeated ??= new Map<string, number>());
    const count = (counts.get(statement.id) ?? 0) + 1;
    if (count === 1 && counts.size >= MOST_FINGERPRINTS) return;
    counts.set(statement.id, count);
    if (count === threshold && mayBeMany(statement)) this.#warn(statement, threshold, scope.requestId);
  }

  #warn({ id, text }: KnownStatement, count: number, requestId: string | undefined): void {
    const { logger, name } = this.#options;
    const calledAt = callSiteOfNow();
    const requests = this.#toBeTold(`${id} ${calledAt ?? ''}`);
    if (requests === 0) return;
    const statement = text.slice(0, SHOWN_CHARACTERS);
    try {
      logger.warn(
        { pool: name, statement, fingerprint: id, count, called_at: calledAt, request_id: requestId, requests },
        `One statement has run ${String(count)} times in one request, perhaps for each row of another (N+1): ` +
          'ask for all the rows at once',
      );
    } catch {
      // A line less, and the statement runs.
    }
  }

  /** The requests that this line is to speak for; 0 where it is too early for one. */
  #toBeTold(key: string): number {
    const now = this.#clock.now();
    const before = this.#warned.get(key);
    if (before !== undefined && now - before.at < REPEATED_AFTER_MS) {
      before.requests += 1;
      return 0;
    }
    this.#warned.delete(key);
    const [oldest] = this.#warned.keys();
    if (this.#warned.size >= MOST_WARNED && oldest !== undefined) this.#warned.delete(oldest);
    this.#warned.set(copyOf(key), { at: now, requests: 0 });
    return 1 + (before?.requests ?? 0);
  }
}

function mayBeMany({ operation, text }: KnownStatement): boolean {
  switch (operation) {
    case 'BEGIN':
    case 'COMMIT':
    case 'ROLLBACK':
      return false;
    case 'OTHER':
      return !settings.test(text);
    default:
      return true;
  }
}

function callSiteOfNow(): string | undefined {
  const { stackTraceLimit } = Error;
  const trace: Trace = {};
  // An assignment would throw where an application has frozen Error.
  Reflect.set(Error, 'stackTraceLimit', FRAMES);
  Error.captureStackTrace(trace);
  Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  return callSite(trace);
}
