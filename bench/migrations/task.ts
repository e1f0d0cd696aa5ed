import type { MigrationOptions } from '../../lib/migrate/index.js';

/** What a process is to do. */
export interface Task {
  /** `manager` by default; the others go to the newest version. */
  readonly by?: 'manager' | 'initializeSchema' | 'dbResilience' | undefined;
  readonly connectionString: string;
  readonly options: Omit<MigrationOptions, 'logger' | 'onProgress' | 'directory'> & { readonly directory: string };
  /** -1: the newest. */
  readonly version: number;
  /** It kills itself (SIGKILL) at this event, the first being 0. Undefined: at none. */
  readonly diesAt?: number | undefined;
}

/** What it tells, after `ready`. */
export interface Told {
  /** How many steps it took. */
  readonly steps: number;
  readonly error?: { readonly code: string; readonly reason: string | undefined; readonly message: string };
  readonly events: number;
}

/** The environment variable with the task as JSON. */
export const taskVariable = 'MIGRATIONS_TASK';
