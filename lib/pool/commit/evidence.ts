import type pg from 'pg';

/** Which server, which of its lives, and whether it has crashed: what a verdict on a transaction's id hangs on. */
export interface Identity {
  readonly systemId: string;
  /** First 8 characters of the name of the WAL file that is being written; null on a standby. */
  readonly timeline: string | null;
  /** When the server's statistics began, in seconds. A crash throws them away, a clean restart keeps them. */
  readonly statsReset: string | null;
  /** Of the server's process, which a pooler hides behind a number of its own. */
  readonly backend: string;
  /** Where its last checkpoint is. One that ends a recovery from now on is somewhere else. */
  readonly checkpoint: string;
}

/** What is known of a transaction just before its COMMIT. */
export interface Evidence {
  readonly identity: Identity;
  /** Null: it has written nothing. */
  readonly xid: string | null;
}

/** What the primary says later, on another connection. */
export interface Finding {
  readonly identity: Identity;
  /** `future`: the id has not been given out. Null: too old to be known. */
  readonly status: 'committed' | 'aborted' | 'in progress' | 'future' | null;
  /** `yes`: the last checkpoint ended a recovery, or a clean shutdown … */
  readonly checkpointEndsRecovery: 'yes' | 'no';
  /** … and this was the next id then. */
  readonly nextXid: string;
  /** Commits wait for standbys. */
  readonly isSynchronous: 'yes' | 'no';
}

// All of it text, since an application may read other types in its own way. pg_stat_bgwriter, because its stats_reset goes
// with a crash as that of pg_stat_wal does, and PostgreSQL 13 has it as well.
const identity = `c.system_identifier::text as "systemId",
  case when pg_catalog.pg_is_in_recovery() then null
    else pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) end as timeline,
  (select extract(epoch from b.stats_reset)::text from pg_catalog.pg_stat_bgwriter b) as "statsReset",
  pg_catalog.pg_backend_pid()::text as backend, k.checkpoint_lsn::text as checkpoint`;

const controlData = 'pg_catalog.pg_control_system() c, pg_catalog.pg_control_checkpoint() k';

// Asking at BEGIN instead would take a REPEATABLE READ snapshot too early, and refuse a SET TRANSACTION that follows.
export const ASK_XID = 'select pg_catalog.pg_current_xact_id_if_assigned()::text as xid';

export const ASK_IDENTITY = `select ${identity}, pg_catalog.pg_current_xact_id_if_assigned()::text as xid
  from ${controlData}`;

// A checkpoint of a running server has its redo point before it, but for one of an idle server with wal_level minimal.
export const ASK_STATE = `select ${identity},
  case when k.redo_lsn = k.checkpoint_lsn and pg_catalog.current_setting('wal_level') <> 'minimal'
    then 'yes' else 'no' end as "checkpointEndsRecovery",
  (pg_catalog.split_part(k.next_xid, ':', 1)::numeric * 4294967296 + pg_catalog.split_part(k.next_xid, ':', 2)::numeric)::text as "nextXid",
  case when pg_catalog.current_setting('synchronous_standby_names') <> ''
    and pg_catalog.current_setting('synchronous_commit') not in ('off', 'local') then 'yes' else 'no' end as "isSynchronous"
  from ${controlData}`;

export const ASK_STATUS = 'select pg_catalog.pg_xact_status($1::xid8) as status';

// By its id and not by its process, whose number may have been given to another backend.
export const END_IDLE_OWNER = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
  where backend_xid = $1::xid8::xid and state like 'idle in transaction%' and pid <> pg_catalog.pg_backend_pid()`;

// Written and waited for like any commit, so the standbys have all that was written before.
export const AWAIT_STANDBYS = `select pg_catalog.pg_logical_emit_message(true, 'express-db-resilience', '')`;

export function onlyRow<Row>(result: pg.QueryResult): Row {
  const rows = result.rows as Row[];
  if (rows[0] === undefined) throw new Error('The server answered without a row');
  return rows[0];
}
