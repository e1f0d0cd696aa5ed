import { createHash } from 'node:crypto';
import { MigrationLockedError } from '../errors/migration-errors.js';
import { sleep } from '../policy/sleep.js';
import type { MigrationSession } from './session.js';
import type { MigrationSettings } from './settings.js';
import { shownTable } from './table-name.js';

/** Of all locks of this package: "edbr". */
const LOCK_CLASS = 0x65_64_62_72;
/** Atlas's: soon after a short migration, and no load on a server that is busy with a long one. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 2_000;

/**
 * An advisory lock of the session, so that one process at a time changes the schema. Tried again and again: a session that
 * *waits* for it holds a snapshot, for which a CREATE INDEX CONCURRENTLY of the one who has it would wait in turn.
 */
export class MigrationLock {
  readonly #session: MigrationSession;
  readonly #settings: MigrationSettings;
  readonly #key: number;

  constructor(session: MigrationSession, settings: MigrationSettings) {
    this.#session = session;
    this.#settings = settings;
    // Two histories in one database know nothing of each other. Without its sign: pg_locks shows it as an oid.
    this.#key = createHash('sha256').update(shownTable(settings.table)).digest().readUInt32BE(0) & 0x7fff_ffff;
  }

  /**
   * False where `isNeedless` came true while another had the lock: he has done the work.
   *
   * @throws MigrationLockedError where neither came within `waitMs`
   */
  async take(isNeedless: () => Promise<boolean>, signal?: AbortSignal): Promise<boolean> {
    const { waitMs, onProgress } = this.#settings;
    const started = performance.now();
    for (let ceiling = FIRST_PAUSE_MS; ; ceiling = Math.min(2 * ceiling, LONGEST_PAUSE_MS)) {
      if (await isNeedless()) return false;
      if (await this.#try()) {
        onProgress({ kind: 'locked' });
        return true;
      }
      const waited = performance.now() - started;
      const holder = await this.#holder();
      if (waited >= waitMs) throw this.#tooLong(waited, holder);
      onProgress({ kind: 'waiting', waited_ms: Math.round(waited), holder_pid: holder ?? null });
      const pauseMs = Math.min((0.5 + Math.random() / 2) * ceiling, Math.max(1, waitMs - waited));
      await sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  async release(): Promise<void> {
    await this.#session.tidy(`select pg_catalog.pg_advisory_unlock(${String(LOCK_CLASS)}, ${String(this.#key)})`);
    this.#settings.onProgress({ kind: 'unlocked' });
  }

  async #try(): Promise<boolean> {
    const [row] = await this.#session.query<{ taken: string }>(
      'select pg_catalog.pg_try_advisory_lock($1, $2)::text as taken',
      [LOCK_CLASS, this.#key],
    );
    return row?.taken === 'true';
  }

  async #holder(): Promise<number | undefined> {
    const [row] = await this.#session.query<{ pid: string }>(
      `select pid::text as pid from pg_catalog.pg_locks
       where locktype = 'advisory' and classid = $1 and objid = $2 and objsubid = 2 and granted
         and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`,
      [LOCK_CLASS, this.#key],
    );
    return row === undefined ? undefined : Number(row.pid);
  }

  #tooLong(waitedMs: number, holder: number | undefined): MigrationLockedError {
    const who = holder === undefined ? '' : ` (the session with pid ${String(holder)}, see pg_stat_activity)`;
    return new MigrationLockedError(
      `Another process migrates this database${who}; it was waited for ${String(Math.round(waitedMs))} ms. ` +
        'Wait for it and try again, or wait longer by waitMs (--wait)',
      waitedMs,
    );
  }
}
