import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { parseFileName } from './file-name.js';
import type { MigrationFileName } from './file-name.js';

/**
 * The files of migrations in a folder, in the order of their names. Hidden ones, other kinds and sub-folders are left out.
 * Throws `MigrationRefusedError` with reason `directory` (its `cause` is the system's error) or `file-name`.
 */
export async function listFiles(directory: string): Promise<MigrationFileName[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new MigrationRefusedError('directory', whyNoFolder(resolve(directory), error), {}, error);
  });
  const files = names.filter((name) => /^[^.].*\.sql$/i.test(name));
  return files.sort((a, b) => (a < b ? -1 : 1)).map(parseFileName);
}

function whyNoFolder(path: string, error: unknown): string {
  const code = systemCode(error);
  const what =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'ENOTDIR'
        ? 'is not a folder'
        : `cannot be read (${code}): the user of this process needs the right to list it`;
  return `The folder of the migrations, ${path}, ${what}. schema.directory, or --dir on the command line, names it.`;
}

/** Throws `MigrationRefusedError` with reason `file-unreadable`. */
export async function readBytes(directory: string, file: string): Promise<Buffer> {
  const path = join(directory, file);
  try {
    // A pipe would keep readFile waiting.
    if ((await stat(path)).isFile()) return await readFile(path);
  } catch (error) {
    throw new MigrationRefusedError('file-unreadable', whyUnreadable(systemCode(error)), { file }, error);
  }
  throw new MigrationRefusedError('file-unreadable', 'it is not a file. Rename it, or move it elsewhere.', { file });
}

function whyUnreadable(code: string): string {
  const why =
    code === 'ENOENT'
      ? 'it points to a file that does not exist'
      : code === 'EACCES'
        ? 'the user of this process has no right to read it'
        : 'the system does not give it';
  return `it cannot be read (${code}): ${why}.`;
}

/** `EACCES`, `ENOENT`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
