import { systemClock, type Clock } from '../core/clock.js';
import { outsideRequests } from '../core/root-scope.js';
import { sqlstate } from '../errors/classify.js';
import type { Inspect, RunSql } from './inspect.js';
import {
  readArchiveQueue,
  readArchiver,
  readDatabaseSize,
  readReceivers,
  readServer,
  readSessions,
  readStandby,
  readStatistics,
} from './server-parts.js';
import type { NotVisible, ServerPart, ServerReport } from './server-report.js';

export interface ServerViewOptions {
  readonly inspect: Inspect;
  /** For all of it. Default 5 s. */
  readonly timeoutMs?: number;
  /** A younger report is given again. Default 15 s. */
  readonly freshMs?: number;
  readonly clock?: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number;
}

const PERMISSION = '42501';

/** What the server says of itself, as far as the pool's role may see it. Never a query, an address or a user's name. */
export class ServerView {
  readonly #inspect: Inspect;
  readonly #timeoutMs: number;
  readonly #freshMs: number;
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  #last: { readonly report: ServerReport; readonly at: number } | undefined;
  #reading: Promise<ServerReport> | undefined;

  constructor(options: ServerViewOptions) {
    const { inspect, timeoutMs = 5000, freshMs = 15_000, clock = systemClock, wallClock = Date.now } = options;
    this.#inspect = inspect;
    this.#timeoutMs = timeoutMs;
    this.#freshMs = freshMs;
    this.#clock = clock;
    this.#wallClock = wallClock;
  }

  /** Shared by all who ask meanwhile. Rejects where the server cannot be asked; that is not remembered. */
  read(): Promise<ServerReport> {
    if (this.#last !== undefined && this.#clock.now() - this.#last.at < this.#freshMs) {
      return Promise.resolve(this.#last.report);
    }
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<ServerReport> {
    const timeoutMs = this.#timeoutMs;
    const report = await outsideRequests(async () =>
      this.#inspect((run) => readReport(run, { timeoutMs, wallClock: this.#wallClock }), timeoutMs),
    );
    this.#last = { report, at: this.#clock.now() };
    return report;
  }
}

interface ReadOptions {
  readonly timeoutMs: number;
  readonly wallClock: () => number;
}

async function readReport(run: RunSql, { timeoutMs, wallClock }: ReadOptions): Promise<ServerReport> {
  // By name, for the default may be SERIALIZABLE, which a standby refuses.
  await run('BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY');
  try {
    // So that one part that takes long costs the others nothing.
    await run(`SELECT set_config('statement_timeout', $1, true)`, [String(Math.ceil(timeoutMs / 4))]);
    const server = await readServer(run);
    const parts = new Parts(run);
    const sessions = await parts.read('sessions', readSessions);
    if (sessions !== null && sessions.hidden > 0) parts.hide('sessions', 'permission');
    const database_size_bytes = await parts.read('database_size', readDatabaseSize);
    const statistics = await parts.read('statistics', readStatistics);
    const replication = server.is_in_recovery ? null : await parts.read('replication', readReceivers);
    const standby = server.is_in_recovery ? await parts.read('standby', readStandby) : null;
    const archiver = await parts.read('archiver', readArchiver);
    const archive_queue_length = await parts.read('archive_queue', readArchiveQueue);
    return {
      at: new Date(wallClock()).toISOString(),
      ...server,
      sessions,
      database_size_bytes,
      statistics,
      replication,
      standby,
      archiver,
      archive_queue_length,
      not_visible: parts.notVisible,
    };
  } finally {
    await run('ROLLBACK');
  }
}

/** Reads one part after another, each of which may be refused without harm to the others. */
class Parts {
  readonly notVisible: NotVisible[] = [];
  readonly #run: RunSql;

  constructor(run: RunSql) {
    this.#run = run;
  }

  async read<T>(part: ServerPart, read: (run: RunSql) => Promise<T | undefined>): Promise<T | null> {
    await this.#run('SAVEPOINT part');
    try {
      const told = await read(this.#run);
      if (told === undefined) this.hide(part, 'permission');
      return told ?? null;
    } catch (error) {
      const code = sqlstate(error);
      if (code === undefined) throw error;
      await this.#run('ROLLBACK TO part');
      this.hide(part, code === PERMISSION ? 'permission' : 'unavailable');
      return null;
    }
  }

  hide(part: ServerPart, reason: NotVisible['reason']): void {
    this.notVisible.push({ part, reason });
  }
}
