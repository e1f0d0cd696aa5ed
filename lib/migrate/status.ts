import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { Comparison } from './comparison.js';
import type { Migration } from './migration.js';
import type { Recorded } from './record.js';
import type { MigrationProblem, MigrationState, MigrationStateName, MigrationStatus } from './reports.js';
import type { MigrationSettings } from './settings.js';
import { readStatements } from './statements.js';
import { shownTable } from './table-name.js';

export async function statusOf(comparison: Comparison, settings: MigrationSettings): Promise<MigrationStatus> {
  const { migrations, records, version, newest, unfinished } = comparison;
  const states = migrations.map((migration) => stateOf(comparison, migration));
  const vanished = [...records.values()].filter(
    (record) => record.state !== 'reverted' && comparison.find(record.version) === undefined,
  );
  return {
    table: shownTable(settings.table),
    version,
    newest,
    pending: comparison.pending.length + (unfinished === undefined ? 0 : 1),
    migrations: [...states, ...vanished.map(stateOfVanished)].sort((a, b) => a.version - b.version),
    problems: [...comparison.problems(settings).map(problemOf), ...(await unfit(comparison.pending))],
  };
}

/** What only its parser finds in a migration that is to be run. */
async function unfit(pending: readonly Migration[]): Promise<MigrationProblem[]> {
  const found: MigrationProblem[] = [];
  for (const { version, up, down } of pending) {
    for (const part of down === undefined ? [up] : [up, down]) {
      try {
        await readStatements(part);
      } catch (error) {
        if (!(error instanceof MigrationRefusedError)) throw error;
        found.push({ ...problemOf(error), version });
      }
    }
  }
  return found;
}

function stateOf(comparison: Comparison, migration: Migration): MigrationState {
  const { version, label, name, up, down } = migration;
  const record = comparison.records.get(version);
  const state = nameOf(comparison, migration, record);
  const shown = { version, label, name, state };
  const recorded = state === 'pending' ? undefined : record;
  return { ...shown, ...whenAndWho(recorded), transaction: up.transaction, has_way_down: down !== undefined };
}

function nameOf(comparison: Comparison, migration: Migration, record: Recorded | undefined): MigrationStateName {
  if (record === undefined || record.state === 'reverted') return 'pending';
  if (record.state === 'unfinished') return 'unfinished';
  return comparison.isEdited(migration) ? 'edited' : 'applied';
}

function stateOfVanished(record: Recorded): MigrationState {
  const { version, label, name } = record.row;
  const shown = { version, label, name, state: 'vanished' as const };
  return { ...shown, ...whenAndWho(record), transaction: null, has_way_down: false };
}

function whenAndWho(record: Recorded | undefined) {
  if (record === undefined) return { applied_at: null, applied_by: null, duration_ms: null };
  const { startedAt, databaseUser, operator, durationMs } = record.row;
  return { applied_at: startedAt, applied_by: `${databaseUser} (${operator})`, duration_ms: durationMs };
}

function problemOf({ reason, version, file, line, column, message }: MigrationRefusedError): MigrationProblem {
  return {
    reason,
    version: version ?? null,
    file: file ?? null,
    line: line ?? null,
    column: column ?? null,
    message,
  };
}
