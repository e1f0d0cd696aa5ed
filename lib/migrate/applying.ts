import type { History } from './history.js';
import type { MigrationSession } from './session.js';
import type { MigrationSettings } from './settings.js';

/** What it takes to apply a migration. */
export interface Applying {
  readonly session: MigrationSession;
  readonly history: History;
  readonly settings: MigrationSettings;
  readonly signal: AbortSignal | undefined;
}
