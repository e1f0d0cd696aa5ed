import { MigrationRefusedError } from '../errors/migration-errors.js';

/** What the name of a migration's file says. */
export interface MigrationFileName {
  readonly file: string;
  readonly version: number;
  /** The version as it is written. */
  readonly label: string;
  readonly name: string;
  /** `both`: the parts are told by markers. */
  readonly holds: 'both' | 'up' | 'down';
}

const form = /^(\d{1,15})_([\w-]+)(?:\.(up|down))?\.sql$/;
const flyway = /^[VUB](\d{1,15})__([\w-]+)\.sql$/i;
const acceptedForms =
  'Accepted are 001_name.sql, and the pair 001_name.up.sql and 001_name.down.sql: a version of 1 to 15 digits, "_", ' +
  'then a name of A-Z, a-z, 0-9, "_" and "-".';

/** Throws `MigrationRefusedError` with reason `file-name`. */
export function parseFileName(file: string): MigrationFileName {
  const [, label, name, holds] = form.exec(file) ?? [];
  if (label === undefined || name === undefined) {
    throw new MigrationRefusedError('file-name', `the file's name tells no version. ${acceptedForms}${hint(file)}`, {
      file,
    });
  }
  if (Number(label) === 0) {
    const message = 'version 0 is the database before the first migration. Begin with 001.';
    throw new MigrationRefusedError('file-name', message, { file });
  }
  return { file, version: Number(label), label, name, holds: holds === 'up' || holds === 'down' ? holds : 'both' };
}

function hint(file: string): string {
  const [, version, name] = flyway.exec(file) ?? [];
  if (version !== undefined && name !== undefined) return ` It is Flyway's form: rename it to ${version}_${name}.sql.`;
  if (/^[VUBR][\d._]*__/i.test(file)) return " It is Flyway's form, which is not read here.";
  return '';
}

/** Versions of fewer digits are counted, without gaps; the others are timestamps. */
export const TIMESTAMP_DIGITS = 8;

export function isCounted({ label }: Pick<MigrationFileName, 'label'>): boolean {
  return label.length < TIMESTAMP_DIGITS;
}
