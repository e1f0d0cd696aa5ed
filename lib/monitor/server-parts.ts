import { copyOf } from '../core/sql/copy-of.js';
import type { RunSql } from './inspect.js';
import type {
  ArchiverReport,
  ReceiverReport,
  SessionsReport,
  StandbyReport,
  StatisticsReport,
} from './server-report.js';

type Row = Record<string, unknown>;

const LONGEST_NAME = 64;
const MOST_RECEIVERS = 50;

/** Of one statement with one row. An application may have taught pg to read numbers as texts: hence `toNumber`. */
async function rowOf(run: RunSql, text: string): Promise<Row> {
  const { rows } = await run(text);
  return rows[0] ?? {};
}

export async function readServer(run: RunSql): Promise<{
  version: string;
  is_in_recovery: boolean;
  connections_used: number;
  max_connections: number;
  superuser_reserved: number;
}> {
  // Whoever may not see another's session sees no kind of backend there, but that of the database it is in.
  const row = await rowOf(
    run,
    `SELECT current_setting('server_version') AS version, pg_is_in_recovery()::int AS is_in_recovery,
      current_setting('max_connections') AS max, current_setting('superuser_reserved_connections') AS reserved,
      (SELECT count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL)) AS used`,
  );
  return {
    version: nameOf(row.version),
    is_in_recovery: toNumber(row.is_in_recovery) === 1,
    connections_used: toNumber(row.used),
    max_connections: toNumber(row.max),
    superuser_reserved: toNumber(row.reserved),
  };
}

export async function readSessions(run: RunSql): Promise<SessionsReport> {
  const row = await rowOf(
    run,
    `SELECT count(*) FILTER (WHERE state = 'active') AS active,
      count(*) FILTER (WHERE state = 'idle') AS idle,
      count(*) FILTER (WHERE state = 'idle in transaction') AS idle_in_transaction,
      count(*) FILTER (WHERE state = 'idle in transaction (aborted)') AS aborted,
      count(*) FILTER (WHERE backend_type IS NOT NULL) AS visible,
      count(*) FILTER (WHERE backend_type IS NULL) AS hidden,
      coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0) AS longest,
      count(*) FILTER (WHERE wait_event_type = 'Lock') AS blocked
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND (backend_type = 'client backend' OR backend_type IS NULL)`,
  );
  const counts = {
    active: toNumber(row.active),
    idle: toNumber(row.idle),
    idle_in_transaction: toNumber(row.idle_in_transaction),
    idle_in_transaction_aborted: toNumber(row.aborted),
  };
  const known = counts.active + counts.idle + counts.idle_in_transaction + counts.idle_in_transaction_aborted;
  return {
    ...counts,
    other: toNumber(row.visible) - known,
    hidden: toNumber(row.hidden),
    longest_transaction_s: rounded(toNumber(row.longest)),
    blocked_sessions: toNumber(row.blocked),
  };
}

export async function readDatabaseSize(run: RunSql): Promise<number> {
  return toNumber((await rowOf(run, 'SELECT pg_database_size(current_database()) AS bytes')).bytes);
}

export async function readStatistics(run: RunSql): Promise<StatisticsReport> {
  const row = await rowOf(
    run,
    `SELECT blks_hit::float8 / nullif(blks_hit + blks_read, 0) AS ratio, deadlocks, temp_bytes
    FROM pg_stat_database WHERE datname = current_database()`,
  );
  return {
    cache_hit_ratio: row.ratio == null ? null : Math.round(toNumber(row.ratio) * 1e4) / 1e4,
    deadlocks: toNumber(row.deadlocks),
    temp_bytes: toNumber(row.temp_bytes),
  };
}

/** Undefined where the role may not see it. */
export async function readReceivers(run: RunSql): Promise<ReceiverReport[] | undefined> {
  const { rows } = await run(
    `SELECT application_name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS lag_bytes,
      extract(epoch FROM replay_lag) AS replay_lag
    FROM pg_stat_replication ORDER BY application_name, pid LIMIT ${String(MOST_RECEIVERS)}`,
  );
  if (rows.some(({ state }) => state === null)) return undefined;
  return rows.map((row) => ({
    name: nameOf(row.application_name),
    state: nameOf(row.state),
    sync_state: nameOf(row.sync_state),
    lag_bytes: numberOrNull(row.lag_bytes),
    replay_lag_s: numberOrNull(row.replay_lag),
  }));
}

export async function readStandby(run: RunSql): Promise<StandbyReport> {
  // An idle primary sends nothing, so the age of the last transaction is a lag only where more was received.
  const row = await rowOf(
    run,
    `SELECT is_receiving::int AS is_receiving, pg_wal_lsn_diff(received, replayed) AS lag_bytes,
      CASE WHEN is_receiving AND received = replayed THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END AS lag
    FROM (SELECT EXISTS (SELECT FROM pg_stat_wal_receiver) AS is_receiving,
      pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed) AS own`,
  );
  const bytes = numberOrNull(row.lag_bytes);
  return {
    is_receiving: toNumber(row.is_receiving) === 1,
    // What comes from the archive is replayed without having been received.
    replay_lag_bytes: bytes === null ? null : Math.max(0, bytes),
    replay_lag_s: numberOrNull(row.lag),
  };
}

export async function readArchiver(run: RunSql): Promise<ArchiverReport> {
  const iso = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`;
  const row = await rowOf(
    run,
    `SELECT current_setting('archive_mode') AS mode, archived_count, failed_count,
      ${iso('last_archived_time')}, ${iso('last_failed_time')} FROM pg_stat_archiver`,
  );
  return {
    is_enabled: row.mode !== 'off',
    archived_count: toNumber(row.archived_count),
    failed_count: toNumber(row.failed_count),
    last_archived: row.last_archived_time == null ? null : nameOf(row.last_archived_time),
    last_failed: row.last_failed_time == null ? null : nameOf(row.last_failed_time),
  };
}

export async function readArchiveQueue(run: RunSql): Promise<number> {
  const row = await rowOf(
    run,
    String.raw`SELECT count(*) AS ready FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`,
  );
  return toNumber(row.ready);
}

function toNumber(value: unknown): number {
  const number = Number(value);
  return Number.isFinite(number) ? number : 0;
}

function numberOrNull(value: unknown): number | null {
  return value == null ? null : rounded(toNumber(value));
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function nameOf(value: unknown): string {
  return copyOf(String(value).slice(0, LONGEST_NAME));
}
