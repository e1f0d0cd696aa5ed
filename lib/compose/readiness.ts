import { systemClock } from '../core/clock.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { outsideRequests } from '../core/root-scope.js';
import { classify } from '../errors/classify.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import { ShuttingDownError } from '../errors/errors.js';
import { fullJitter } from '../policy/backoff.js';

/** What keeps an instance from taking work. Safe to show to anybody. */
export type UnreadyReason =
  | 'starting'
  | 'database_unreachable'
  | 'misconfigured'
  | 'isolated'
  | 'schema_pending'
  | 'schema_failed'
  | 'shutting_down';

/** What is needed of a pool. */
export interface WatchedPool {
  readonly name: string;
  readonly ending: boolean;
  readonly lastConnectError: Error | undefined;
  readonly options: { readonly min?: number | undefined };
  /** While it refuses, its probes find out when the database is back. */
  readonly circuit: {
    readonly refuses: boolean;
    readonly state: string;
    on(event: 'close', listener: () => void): unknown;
  };
  connect(): Promise<{ release(): void }>;
  on(event: 'connect' | 'remove', listener: () => void): unknown;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Between attempts that something has to be changed for: servers lock accounts out that knock too often. */
const HOPELESS_PAUSE_MS = 10_000;
/** How often a pool without any connection is looked at; while it has one there is no timer. */
const LOOK_MS = 250;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  promise: Promise<void>;
  settle: (error?: Error) => void;
}

/**
 * Whether the pool can serve. Opens the first connection without waiting for traffic, notices when the last one is
 * gone and none can be opened, and tries until the database is back. Sends nothing while there is a connection.
 */
export class Readiness {
  #state: 'starting' | 'ready' | 'lost' | 'closed' = 'starting';
  #reason: UnreadyReason = 'starting';
  #connections = 0;
  #failures = 0;
  #lostAt = 0;
  #attempting = false;
  #timer: Timer | undefined;
  #waiting: Waiting | undefined;
  readonly #pool: WatchedPool;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(pool: WatchedPool, logger: Logger, clock: Clock = systemClock) {
    this.#pool = pool;
    this.#logger = logger;
    this.#clock = clock;
    pool.on('connect', () => {
      this.#connections += 1;
      this.#onConnected();
    });
    pool.on('remove', () => {
      this.#connections -= 1;
      if (this.#state === 'ready' && this.#connections === 0) this.#onNoneLeft();
    });
    pool.circuit.on('close', () => {
      if (this.#state === 'ready') this.#waiting?.settle();
      else if (this.#state !== 'closed') void this.#attempt();
    });
  }

  get isReady(): boolean {
    return this.unreadyReason === undefined;
  }

  get unreadyReason(): UnreadyReason | undefined {
    if (this.#state === 'closed' || this.#pool.ending) return 'shutting_down';
    const { refuses, state } = this.#pool.circuit;
    if (refuses) return state === 'isolated' ? 'isolated' : 'database_unreachable';
    return this.#state === 'ready' ? undefined : this.#reason;
  }

  /** Tries from the next turn on. */
  start(): void {
    this.#schedule(0, () => void this.#attempt());
  }

  /** Resolves when there is a connection: at once where there is one. @throws ShuttingDownError once closed */
  ready(): Promise<void> {
    if (this.isReady) return Promise.resolve();
    if (this.unreadyReason === 'shutting_down') return Promise.reject(this.#closedError());
    this.#waiting ??= this.#wait();
    return this.#waiting.promise;
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelTimer();
    this.#waiting?.settle(this.#closedError());
  }

  async #attempt(): Promise<void> {
    if (this.#attempting) return;
    this.#attempting = true;
    let failure: Error | undefined;
    try {
      const client = await this.#pool.connect();
      client.release();
    } catch (error) {
      failure = error as Error;
    }
    this.#attempting = false;
    if (failure === undefined) this.#onConnected();
    else this.#onFailed(failure);
  }

  #onConnected(): void {
    if (this.#state === 'closed') return;
    this.#cancelTimer();
    const before = this.#state;
    this.#state = 'ready';
    this.#failures = 0;
    this.#waiting?.settle();
    const fields = { pool: this.#pool.name };
    if (before === 'starting') {
      this.#logger.info(fields, 'The database is reached: ready');
    } else if (before === 'lost') {
      const lostMs = Math.round(this.#clock.now() - this.#lostAt);
      this.#logger.info({ ...fields, lostMs }, 'The database is back: ready again');
    }
  }

  #onFailed(error: Error): void {
    if (this.#pool.ending) this.close();
    if (this.#state === 'closed') return;
    if (this.#state === 'ready') {
      // A connection may have come by another way meanwhile.
      if (this.#connections === 0) this.#look();
      return;
    }
    this.#failures += 1;
    const { hopeless, advice } = classify(error, 'connect');
    const pauseMs = hopeless
      ? HOPELESS_PAUSE_MS * (0.5 + Math.random() / 2)
      : fullJitter(this.#failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    this.#schedule(pauseMs, () => void this.#attempt());
    const reason = hopeless ? 'misconfigured' : 'database_unreachable';
    if (reason === this.#reason) return;
    this.#reason = reason;
    const fields = { pool: this.#pool.name, err: pinoErrorSerializer(error) };
    if (hopeless) {
      this.#logger.error(
        { ...fields, advice },
        'The database refuses this application, and waiting will not change that; tried again every few seconds',
      );
    } else {
      this.#logger.warn(fields, 'The database cannot be reached; tried again in the background');
    }
  }

  #onNoneLeft(): void {
    this.#schedule(LOOK_MS, () => this.#look());
    // A pool that keeps a minimum has lost its last connection; one that keeps none may just be idle.
    if (this.#pool.options.min !== 0) void this.#attempt();
  }

  #look(): void {
    const error = this.#pool.lastConnectError;
    if (this.#pool.ending) {
      this.close();
    } else if (error === undefined) {
      this.#schedule(LOOK_MS, () => this.#look());
    } else {
      this.#cancelTimer();
      this.#state = 'lost';
      this.#reason = 'database_unreachable';
      this.#lostAt = this.#clock.now();
      this.#logger.warn(
        { pool: this.#pool.name, err: pinoErrorSerializer(error) },
        'The database is lost: no connection is left and none can be opened; tried again in the background',
      );
      void this.#attempt();
    }
  }

  #wait(): Waiting {
    // All other timers let the process exit; whoever awaits ready() wants to live to see it.
    const keepAlive = this.#clock.setTimeout(() => undefined, LONGEST_TIMER_MS);
    let settle: Waiting['settle'] = () => undefined;
    const promise = new Promise<void>((resolve, reject) => {
      settle = (error) => {
        this.#clock.clearTimeout(keepAlive);
        this.#waiting = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    return { promise, settle };
  }

  #closedError(): ShuttingDownError {
    return new ShuttingDownError(`Pool "${this.#pool.name}" was closed; it will not become ready`);
  }

  #schedule(ms: number, callback: () => void): void {
    this.#cancelTimer();
    this.#timer = outsideRequests(() => this.#clock.setTimeout(callback, ms));
    this.#timer.unref?.();
  }

  #cancelTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
