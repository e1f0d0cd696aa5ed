import type { MigrationRefusal } from '../errors/migration-errors.js';

export type MigrationDirection = 'up' | 'down';

/**
 * - `applied`, `pending`: as it should be.
 * - `unfinished`: begun without a transaction, and interrupted.
 * - `edited`: applied, and its file says something else since.
 * - `vanished`: applied, and its file is gone.
 */
export type MigrationStateName = 'applied' | 'pending' | 'unfinished' | 'edited' | 'vanished';

export interface MigrationState {
  version: number;
  /** As in the file's name. */
  label: string;
  name: string;
  state: MigrationStateName;
  /** ISO 8601. */
  applied_at: string | null;
  /** The database role, and the user of the operating system. */
  applied_by: string | null;
  duration_ms: number | null;
  /** Null where the file is gone. */
  transaction: boolean | null;
  has_way_down: boolean;
}

/** Why `up` would be refused, and what to do. */
export interface MigrationProblem {
  reason: MigrationRefusal;
  version: number | null;
  file: string | null;
  line: number | null;
  column: number | null;
  message: string;
}

export interface MigrationStatus {
  /** The history, with its schema. */
  table: string;
  /** The newest version that is applied; 0 where there is none. */
  version: number;
  /** The newest version among the files; 0 where there is none. */
  newest: number;
  pending: number;
  migrations: MigrationState[];
  problems: MigrationProblem[];
}

export interface PlannedStatement {
  line: number;
  column: number;
  tag: string;
  /** Without literals, in one line. */
  statement: string;
}

export interface PlannedStep {
  version: number;
  label: string;
  name: string;
  direction: MigrationDirection;
  file: string;
  transaction: boolean;
  statements: PlannedStatement[];
}

/** A statement that is dangerous on a live database. */
export interface MigrationWarning {
  /** `index-not-concurrently`. */
  rule: string;
  version: number;
  direction: MigrationDirection;
  file: string;
  line: number;
  column: number;
  /** What it does to a live database. */
  message: string;
  /** What to do instead. */
  safe_way: string;
}

export interface MigrationPlan {
  from: number;
  to: number;
  steps: PlannedStep[];
  warnings: MigrationWarning[];
}

export interface MigrationStep {
  version: number;
  label: string;
  name: string;
  direction: MigrationDirection;
  duration_ms: number;
  /** How often it was begun: more than once where a table's lock could not be had. */
  attempts: number;
  /** Run to its end in a rehearsal; false where it cannot be rehearsed, since it has no transaction. */
  rehearsed?: boolean;
}

/** What `up`, `down`, `migrateTo` and `rehearse` did. */
export interface MigrationRun {
  from: number;
  to: number;
  /** Of this process; empty where there was nothing to do, or another process did it. */
  steps: MigrationStep[];
  duration_ms: number;
}

/** What goes on, as it goes on. Each is a boundary at which the process may die without harm. */
export type MigrationEvent =
  | { kind: 'waiting'; waited_ms: number; holder_pid: number | null }
  | { kind: 'locked' }
  | { kind: 'history-created'; table: string }
  | { kind: 'begun'; version: number; label: string; name: string; direction: MigrationDirection; statements: number }
  | { kind: 'statement' | 'statement-done'; version: number; index: number; of: number; line: number; tag: string }
  /** A table's lock could not be had within `lockTimeoutMs`; tried again after the pause. */
  | { kind: 'table-locked'; version: number; line: number; tag: string; attempt: number; pause_ms: number }
  | { kind: 'recorded'; version: number }
  | { kind: 'done'; version: number; label: string; name: string; direction: MigrationDirection; duration_ms: number }
  | { kind: 'unlocked' };
