import { MigrationRefusedError } from '../errors/migration-errors.js';
import { decode } from './decode.js';
import { isCounted } from './file-name.js';
import type { MigrationFileName } from './file-name.js';
import { listFiles, readBytes } from './folder.js';
import type { Migration } from './migration.js';
import { readParts } from './parts.js';
import type { MigrationParts } from './parts.js';

/** The files of one migration. */
interface Files {
  readonly main: MigrationFileName;
  readonly down: MigrationFileName | undefined;
}

/**
 * The migrations of a folder, by version; empty for an empty folder. Throws `MigrationRefusedError` for the first thing
 * that is wrong: first in the names of the files, then in what they hold. A missing folder has a `cause` of code `ENOENT`.
 */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const all = pairUp(await listFiles(directory));
  checkGaps(all);
  const migrations: Migration[] = [];
  for (const { main, down } of all) {
    const parts = await partsOf(directory, main);
    const { version, label, name } = main;
    const { up } = parts;
    const wayDown = down === undefined ? parts.down : (await partsOf(directory, down)).down;
    if (up !== undefined) migrations.push({ version, label, name, up, down: wayDown });
  }
  return migrations;
}

async function partsOf(directory: string, file: MigrationFileName): Promise<MigrationParts> {
  return readParts(decode(await readBytes(directory, file.file), file.file), file);
}

function pairUp(files: readonly MigrationFileName[]): Files[] {
  const mains = new Map<number, MigrationFileName>();
  for (const file of files) {
    if (file.holds === 'down') continue;
    const other = mains.get(file.version);
    if (other !== undefined) {
      const message = `${other.file} has the version ${String(file.version)} as well. Give one of them a version of its own.`;
      throw new MigrationRefusedError('duplicate-version', message, { version: file.version, file: file.file });
    }
    mains.set(file.version, file);
  }
  const downs = new Map<number, MigrationFileName>();
  for (const file of files) {
    if (file.holds !== 'down') continue;
    const up = `${file.label}_${file.name}.up.sql`;
    if (mains.get(file.version)?.file !== up) {
      const message = `there is no ${up} to this way down. Rename the file, or delete it.`;
      throw new MigrationRefusedError('file-name', message, { version: file.version, file: file.file });
    }
    downs.set(file.version, file);
  }
  return [...mains.values()]
    .sort((a, b) => a.version - b.version)
    .map((main) => ({ main, down: downs.get(main.version) }));
}

function checkGaps(all: readonly Files[]): void {
  let before: MigrationFileName | undefined;
  for (const { main } of all) {
    if (!isCounted(main)) continue;
    const expected = before === undefined ? 1 : before.version + 1;
    if (main.version > expected) {
      const missing = String(expected).padStart(main.label.length, '0');
      const where = before === undefined ? `before ${main.file}` : `between ${before.file} and ${main.file}`;
      const message = `version ${missing} is missing ${where}. Add its file, or number the later ones anew where none of them was applied.`;
      throw new MigrationRefusedError('gap', message, { version: expected, file: main.file });
    }
    before = main;
  }
}
