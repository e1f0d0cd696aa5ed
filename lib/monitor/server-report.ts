/** What is asked of the server, each part for itself. */
export type ServerPart =
  'sessions' | 'database_size' | 'statistics' | 'replication' | 'standby' | 'archiver' | 'archive_queue';

/** `permission`: the role may not see it, or not all of it. `unavailable`: it took too long, or is not there. */
export interface NotVisible {
  readonly part: ServerPart;
  readonly reason: 'permission' | 'unavailable';
}

/** Client sessions of this database other than the one that asks. */
export interface SessionsReport {
  readonly active: number;
  readonly idle: number;
  readonly idle_in_transaction: number;
  readonly idle_in_transaction_aborted: number;
  readonly other: number;
  /** Sessions of other roles, whose states may not be seen; all other numbers here are without them. */
  readonly hidden: number;
  /** Seconds; 0 where none is open. */
  readonly longest_transaction_s: number;
  /** Waiting for a lock that another one holds. */
  readonly blocked_sessions: number;
}

/** Since the statistics were reset. */
export interface StatisticsReport {
  /** 0 to 1; null where nothing was read. */
  readonly cache_hit_ratio: number | null;
  readonly deadlocks: number;
  readonly temp_bytes: number;
}

/** A standby, or whatever else receives from this primary. */
export interface ReceiverReport {
  /** Its application_name. */
  readonly name: string;
  readonly state: string;
  readonly sync_state: string;
  /** Behind the primary's log; null where it does not tell. */
  readonly lag_bytes: number | null;
  readonly replay_lag_s: number | null;
}

export interface StandbyReport {
  readonly is_receiving: boolean;
  /** Received and not yet replayed; null where nothing was received. */
  readonly replay_lag_bytes: number | null;
  /** Age of the last transaction replayed, 0 where all that was received is; null where there was none. */
  readonly replay_lag_s: number | null;
}

export interface ArchiverReport {
  readonly is_enabled: boolean;
  readonly archived_count: number;
  readonly failed_count: number;
  /** ISO 8601; null: never. */
  readonly last_archived: string | null;
  readonly last_failed: string | null;
}

/** The server's own view. A part that cannot be seen is null and listed in `not_visible`. */
export interface ServerReport {
  /** ISO 8601, of the answer. */
  readonly at: string;
  readonly version: string;
  readonly is_in_recovery: boolean;
  /** Of the whole server, this one included. */
  readonly connections_used: number;
  readonly max_connections: number;
  readonly superuser_reserved: number;
  /** Listed in `not_visible` as well where some sessions are hidden. */
  readonly sessions: SessionsReport | null;
  readonly database_size_bytes: number | null;
  readonly statistics: StatisticsReport | null;
  /** Null on a standby, too. */
  readonly replication: readonly ReceiverReport[] | null;
  /** Null on a primary, too. */
  readonly standby: StandbyReport | null;
  readonly archiver: ArchiverReport | null;
  /** Log segments that wait to be archived. */
  readonly archive_queue_length: number | null;
  readonly not_visible: readonly NotVisible[];
}
