import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { HistoryRow } from './history.js';
import type { Migration } from './migration.js';
import { recordsOf } from './record.js';
import type { Recorded } from './record.js';

/** The files beside the history. */
export class Comparison {
  /** By version. */
  readonly migrations: readonly Migration[];
  readonly records: ReadonlyMap<number, Recorded>;
  /** Of the newest row. */
  readonly lastId: number;
  /** The newest version that is applied; 0 where there is none. */
  readonly version: number;
  readonly newest: number;

  constructor(migrations: readonly Migration[], rows: readonly HistoryRow[]) {
    this.migrations = migrations;
    this.records = recordsOf(rows);
    this.lastId = rows.at(-1)?.id ?? 0;
    this.newest = migrations.at(-1)?.version ?? 0;
    this.version = this.applied[0]?.version ?? 0;
  }

  /** Begun without a transaction and interrupted; at most one, since nothing else is begun before its end. */
  get unfinished(): Recorded | undefined {
    return [...this.records.values()].find(({ state }) => state === 'unfinished');
  }

  get pending(): Migration[] {
    return this.migrations.filter(({ version }) => {
      const state = this.records.get(version)?.state;
      return state === undefined || state === 'reverted';
    });
  }

  /** Newest first. */
  get applied(): Recorded[] {
    return this.#standing()
      .filter(({ state }) => state === 'applied')
      .sort((a, b) => b.version - a.version);
  }

  find(version: number): Migration | undefined {
    return this.migrations.find((migration) => migration.version === version);
  }

  isEdited(migration: Migration): boolean {
    const record = this.records.get(migration.version);
    return record?.state === 'applied' && record.row.checksum !== migration.up.checksum;
  }

  /** Why nothing may be applied. */
  problems({ outOfOrder }: { outOfOrder: boolean }): MigrationRefusedError[] {
    const edited = this.migrations.filter((migration) => this.isEdited(migration)).map((one) => this.#edited(one));
    const missing = this.#standing().filter(({ version }) => this.find(version) === undefined);
    const newest = this.#newestStanding();
    const late = outOfOrder ? [] : this.pending.filter(({ version }) => version < newest);
    return [
      ...edited,
      ...missing.map((record) => (record.version > this.newest ? this.#newer(record) : vanished(record))),
      ...late.map((migration) => this.#late(migration, newest)),
    ];
  }

  #standing(): Recorded[] {
    return [...this.records.values()].filter(({ state }) => state !== 'reverted');
  }

  /** When what was interrupted is finished. */
  #newestStanding(): number {
    const { unfinished } = this;
    return unfinished?.row.direction === 'up' ? Math.max(this.version, unfinished.version) : this.version;
  }

  #edited({ version, up }: Migration): MigrationRefusedError {
    const at = this.records.get(version)?.row.startedAt ?? '';
    return new MigrationRefusedError(
      'edited',
      `it was changed after it had been applied on ${at}. Put it back as it was, and write a new migration for what is to ` +
        `change. Where both do the same (a comment, say): repair ${String(version)} --as accepted`,
      { version, file: up.file },
    );
  }

  #newer({ version, row }: Recorded): MigrationRefusedError {
    return new MigrationRefusedError(
      'newer-database',
      `The database is newer than this code: it has version ${row.label} (${row.name}), and the newest file is ` +
        `${this.migrations.at(-1)?.label ?? 'none'}. Deploy the code that belongs to it`,
      { version },
    );
  }

  #late({ version, up }: Migration, newest: number): MigrationRefusedError {
    return new MigrationRefusedError(
      'out-of-order',
      `it was not applied, and version ${String(newest)}, which is newer, was. Give it a version above ${String(newest)}, ` +
        'or let it be applied late by outOfOrder (--out-of-order)',
      { version, file: up.file },
    );
  }
}

function vanished({ version, row }: Recorded): MigrationRefusedError {
  return new MigrationRefusedError(
    'vanished',
    `Version ${row.label} (${row.name}) is applied, and its file is gone. Bring the file back; where its effect is gone ` +
      `from the database as well: repair ${String(version)} --as reverted`,
    { version },
  );
}
