export { MigrationFailedError, MigrationLockedError, MigrationRefusedError } from '../errors/migration-errors.js';
export type { MigrationPlace, MigrationRefusal } from '../errors/migration-errors.js';
export { initializeSchema, type SchemaOptions, type SchemaResult, type SchemaState } from './initialize-schema.js';
export { MigrationManager } from './manager.js';
export type { MigrateToOptions, MigrationCallOptions, MigrationOptions, RepairOptions } from './options.js';
export type {
  MigrationDirection,
  MigrationEvent,
  MigrationPlan,
  MigrationProblem,
  MigrationRun,
  MigrationState,
  MigrationStateName,
  MigrationStatus,
  MigrationStep,
  MigrationWarning,
  PlannedStatement,
  PlannedStep,
} from './reports.js';
