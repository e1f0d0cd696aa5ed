import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { Comparison } from './comparison.js';
import type { NewRow } from './history.js';
import type { RepairOptions } from './options.js';

/**
 * The row that sets the history right.
 *
 * @throws MigrationRefusedError where it already says so, or nothing of the kind can be said
 */
export function repaired(comparison: Comparison, version: number, as: RepairOptions['as']): NewRow {
  const migration = comparison.find(version);
  const record = comparison.records.get(version);
  const state = record?.state ?? 'reverted';
  const about = migration === undefined ? record?.row : { ...migration, checksum: migration.up.checksum };
  const refuse = (why: string) => new MigrationRefusedError('not-as-said', why, { version, file: migration?.up.file });
  if (about === undefined)
    throw refuse(`There is no version ${String(version)}, neither in the folder nor in the history`);
  if (as === 'accepted' && !(migration !== undefined && comparison.isEdited(migration))) {
    throw refuse(`Version ${about.label} is not an applied one that was changed since; there is nothing to accept`);
  }
  if (as === 'applied' && migration === undefined) throw refuse(`Version ${about.label} has no file`);
  if (as === 'applied' && state === 'applied') throw refuse(`Version ${about.label} is applied already`);
  if (as === 'reverted' && state === 'reverted') throw refuse(`Version ${about.label} is not applied`);
  const { label, name, checksum } = about;
  const direction = as === 'reverted' ? 'down' : 'up';
  const counts = { statements: 0, statementsDone: 0, durationMs: 0 };
  return { version, label, name, direction, outcome: 'marked', checksum, ...counts };
}
