import { Comparison } from '../../../lib/migrate/comparison.js';
import type { HistoryRow } from '../../../lib/migrate/history.js';
import type { Migration, MigrationPart } from '../../../lib/migrate/migration.js';

function labelOf(version: number): string {
  return String(version).padStart(3, '0');
}

function partOf(version: number, text: string): MigrationPart {
  return {
    file: `${labelOf(version)}_m${String(version)}.sql`,
    text,
    firstLine: 1,
    checksum: text,
    transaction: true,
    idempotent: false,
  };
}

/** The file of a version; its checksum is its text. */
export function migrationOf(
  version: number,
  { text = 'as it was', hasDown = true }: { text?: string; hasDown?: boolean } = {},
): Migration {
  return {
    version,
    label: labelOf(version),
    name: `m${String(version)}`,
    up: partOf(version, text),
    down: hasDown ? partOf(version, 'back') : undefined,
  };
}

/** `3 up done`, as rows of the history; the first has the id 1. */
export function rowsOf(...told: string[]): HistoryRow[] {
  return told.map((one, index) => {
    const [version = '', direction = '', outcome = ''] = one.split(' ');
    return {
      id: index + 1,
      version: Number(version),
      label: labelOf(Number(version)),
      name: `m${version}`,
      direction: direction as HistoryRow['direction'],
      outcome: outcome as HistoryRow['outcome'],
      checksum: 'as it was',
      statements: 5,
      statementsDone: outcome === 'unfinished' ? 2 : 5,
      doneChecksum: null,
      isInDoubt: false,
      startedAt: `2026-01-0${String(index + 1)}T00:00:00.000Z`,
      durationMs: 7,
      databaseUser: 'postgres',
      operator: 'somebody@somewhere',
    };
  });
}

/** The files of these versions, beside that history. */
export function comparisonOf(files: readonly (number | Migration)[], ...told: string[]): Comparison {
  return new Comparison(
    files.map((file) => (typeof file === 'number' ? migrationOf(file) : file)),
    rowsOf(...told),
  );
}
