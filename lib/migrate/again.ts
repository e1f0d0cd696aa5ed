import { sqlstate } from '../errors/classify.js';
import { MigrationLockedError } from '../errors/migration-errors.js';
import { sleep } from '../policy/sleep.js';
import type { MigrationSettings } from './settings.js';
import type { MigrationStatement } from './statement.js';
import type { Step } from './steps.js';

/** Long enough that who waited behind us in the queue of the lock has had his turn. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

const passing = new Set(['55P03', '40P01', '40001']);

/** An error that came while this statement ran. */
export class StatementFailure extends Error {
  readonly error: unknown;
  /** Undefined: one of our own, `what`. */
  readonly statement: MigrationStatement | undefined;
  readonly what: string;

  constructor(error: unknown, statement: MigrationStatement | undefined, what = 'The history') {
    super('A statement failed');
    this.error = error;
    this.what = statement?.tag ?? what;
    this.statement = statement;
  }
}

/**
 * Runs `attempt` until no lock stands in its way. Whoever waits for a lock stops everybody who comes after him, so each
 * attempt waits for `lockTimeoutMs` at the most, and between them all the others have their turn (pgroll's way).
 *
 * @param stepOf the one that is tried, at the time of the call
 * @param attempt throws a StatementFailure, and has left nothing behind then
 * @returns how often it was begun
 * @throws MigrationLockedError where the lock could not be had within `lockRetryMs`
 */
export async function untilUnlocked(
  stepOf: () => Step,
  settings: MigrationSettings,
  attempt: () => Promise<void>,
  signal?: AbortSignal,
): Promise<number> {
  const started = performance.now();
  for (let attempts = 1; ; attempts++) {
    try {
      await attempt();
      return attempts;
    } catch (failure) {
      if (!(failure instanceof StatementFailure) || !passing.has(sqlstate(failure.error) ?? '')) throw failure;
      const elapsed = performance.now() - started;
      const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** (attempts - 1));
      const pauseMs = Math.round((0.5 + Math.random() / 2) * ceiling);
      if (elapsed + pauseMs > settings.lockRetryMs) throw locked(stepOf(), failure, attempts, elapsed);
      const { line = 0, tag = '' } = failure.statement ?? {};
      const { version } = stepOf().migration;
      settings.onProgress({ kind: 'table-locked', version, line, tag, attempt: attempts, pause_ms: pauseMs });
      await sleep(pauseMs, signal).catch(() => undefined);
    }
  }
}

function locked(
  { migration, part }: Step,
  { error, statement, what }: StatementFailure,
  attempts: number,
  elapsedMs: number,
) {
  const place = { version: migration.version, file: part.file, line: statement?.line, column: statement?.column };
  const left = part.transaction
    ? 'nothing was changed by it'
    : 'those before it stay; what it has left, the next run finds out';
  return new MigrationLockedError(
    `${what} could not have its lock, ${String(attempts)} times in ${String(Math.round(elapsedMs))} ms, ` +
      `and ${left}. Find who holds the table (pg_stat_activity, pg_locks: a long query, an open ` +
      'transaction, a dump), and try again; or try for longer by lockRetryMs (--lock-retry)',
    elapsedMs,
    place,
    error,
  );
}
