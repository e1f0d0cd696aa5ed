import { systemClock } from '../core/clock.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { outsideRequests } from '../core/root-scope.js';
import { classify } from '../errors/classify.js';
import type { Kind } from '../errors/classify.js';
import { DbResilienceError, ShuttingDownError } from '../errors/errors.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import { fullJitter } from '../policy/backoff.js';

/** What the gate does, so that it can be tested without a database. */
export interface SchemaWork {
  /** Brings the schema up to date. */
  initialize(signal: AbortSignal): Promise<unknown>;
  /** Whether somebody has brought it up to date by other means. */
  isThere(signal: AbortSignal): Promise<boolean>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** How often it is looked whether somebody has mended what failed. */
const LOOK_MS = 10_000;
/** Of attempts that broke off in the middle of a migration: it may be the migration that brings the server down, or an
 *  administrator who ends it. */
const MOST_BREAKS = 3;
/** By then some seconds have passed, and a start or a failover is over. */
const TOLD_AT_FAILURE = 8;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const passing: ReadonlySet<Kind> = new Set<Kind>([
  'unreachable',
  'connection-lost',
  'server-shutting-down',
  'server-starting',
  'too-many-connections',
  'read-only',
  // Another one will be told by the pool's own attempts, and somebody mends it.
  'authentication',
  'unknown-database',
  'tls',
]);

/** Keeps an instance from being ready until its schema is there. Tries while the database cannot be reached. */
export class SchemaGate {
  #state: 'pending' | 'open' | 'failed' | 'closed' = 'pending';
  #failures = 0;
  #breaks = 0;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();
  readonly #work: SchemaWork;
  readonly #logger: Logger;
  readonly #pool: string;
  readonly #clock: Clock;
  readonly #waiting = new Set<(error?: Error) => void>();

  constructor(work: SchemaWork, pool: string, logger: Logger, clock: Clock = systemClock) {
    this.#work = work;
    this.#pool = pool;
    this.#logger = logger;
    this.#clock = clock;
  }

  get unreadyReason(): 'schema_pending' | 'schema_failed' | undefined {
    return this.#state === 'failed' ? 'schema_failed' : this.#state === 'pending' ? 'schema_pending' : undefined;
  }

  /** Begins on the next turn. */
  start(): void {
    this.#schedule(0, () => this.#initialize());
  }

  /** Resolves when the schema is there. @throws ShuttingDownError once closed */
  ready(): Promise<void> {
    if (this.#state === 'open') return Promise.resolve();
    if (this.#state === 'closed') return Promise.reject(this.#closedError());
    // As in Readiness: who waits for it wants to live to see it.
    const keepAlive = this.#clock.setTimeout(() => undefined, LONGEST_TIMER_MS);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        this.#clock.clearTimeout(keepAlive);
        this.#waiting.delete(settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#waiting.add(settle);
    });
  }

  /** Ends a migration that runs; what it did in a transaction is undone. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#state = 'closed';
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#closing.abort();
    for (const settle of [...this.#waiting]) settle(this.#closedError());
    await this.#running;
  }

  async #initialize(): Promise<void> {
    try {
      await this.#work.initialize(this.#closing.signal);
      this.#open();
    } catch (error) {
      this.#onFailed(error as Error);
    }
  }

  async #look(): Promise<void> {
    try {
      if (await this.#work.isThere(this.#closing.signal)) {
        this.#open();
        this.#logger.info({ pool: this.#pool }, 'The schema is there now');
        return;
      }
    } catch {
      // It was told what is wrong; the database may be away as well by now.
    }
    this.#schedule(LOOK_MS, () => this.#look());
  }

  #open(): void {
    if (this.#state === 'closed') return;
    this.#state = 'open';
    for (const settle of [...this.#waiting]) settle();
  }

  #onFailed(error: Error): void {
    if (this.#state === 'closed') return;
    // The serializer takes what the server said out of it, in which no value can be here.
    const problem = DbResilienceError.is(error) && error.code.startsWith('DB_MIGRATION') ? error.message : undefined;
    const fields = { pool: this.#pool, problem, err: pinoErrorSerializer(error) };
    if (DbResilienceError.is(error) && error.code === 'DB_MIGRATION_FAILED') this.#breaks += 1;
    if (isPassing(error) && this.#breaks < MOST_BREAKS) {
      this.#failures += 1;
      this.#schedule(fullJitter(this.#failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), () => this.#initialize());
      // The pool tells of its own failures; but migrationUrl may lead elsewhere, and a standby suffices for a pool.
      const level = this.#failures === TOLD_AT_FAILURE ? 'warn' : 'debug';
      this.#logger[level](fields, 'The schema cannot be looked at yet; tried again in the background');
    } else if (DbResilienceError.is(error) && error.code === 'DB_MIGRATION_LOCKED') {
      this.#schedule(fullJitter(1, LONGEST_PAUSE_MS, LONGEST_PAUSE_MS), () => this.#initialize());
      this.#logger.warn(fields, 'The schema could not be brought up to date yet; tried again in the background');
    } else {
      // Fifty instances that run what has failed again and again would be an outage of their own.
      this.#state = 'failed';
      this.#schedule(LOOK_MS, () => this.#look());
      this.#logger.error(
        fields,
        'The schema could not be brought up to date: not ready until it is, by "db-resilience migrate" or a new start',
      );
    }
  }

  #schedule(ms: number, work: () => Promise<void>): void {
    if (this.#state === 'closed') return;
    this.#timer = outsideRequests(() =>
      this.#clock.setTimeout(() => {
        // A log that throws is no reason to end the process.
        this.#running = work().catch(() => undefined);
      }, ms),
    );
    this.#timer.unref?.();
  }

  #closedError(): ShuttingDownError {
    return new ShuttingDownError(`Pool "${this.#pool}" was closed; its schema is not looked at any more`);
  }
}

/** What waiting, or somebody else, will mend. */
function isPassing(error: unknown): boolean {
  if (error instanceof MigrationRefusedError && error.reason === 'read-only') return true;
  for (let one = error; one instanceof Error; one = one.cause) {
    if (passing.has(classify(one, 'statement').kind)) return true;
  }
  return false;
}
