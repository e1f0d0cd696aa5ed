import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { sleep } from '../policy/sleep.js';
import { isCounted } from './file-name.js';
import type { MigrationFileName } from './file-name.js';
import { listFiles, systemCode } from './folder.js';

export interface CreateMigrationOptions {
  /** Made where it is missing. */
  directory: string;
  /** In words: `add users` gives `001_add_users.sql`. */
  name: string;
  /** For a version that is a timestamp, as the newest is. Default: now. */
  now?: Date | undefined;
  /** Whether up and down get a file each. Default: false. */
  pair?: boolean | undefined;
}

const LONGEST_NAME = 100;
const SHORTEST_VERSION = 3;
/** Another process holds it for a few milliseconds. */
const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 10;

const up = `-- migrate:up
-- One transaction. A statement that cannot be in one, as CREATE INDEX CONCURRENTLY, goes into a migration of its own,
-- whose marker is: migrate:up with transaction:false behind it.
`;
const down = `-- migrate:down
-- Takes back what up does. Without a statement there is no way down.
`;

/**
 * Writes the next migration, with empty parts, and returns the paths of its files. It overwrites nothing.
 * Throws `MigrationRefusedError` with reason `file-name` for a name that cannot be one, or `directory`.
 */
export async function createMigration(options: CreateMigrationOptions): Promise<string[]> {
  const { directory, now = new Date(), pair = false } = options;
  const name = snakeCase(options.name);
  const lock = join(directory, '.create.lock');
  try {
    await mkdir(directory, { recursive: true });
    await take(lock);
  } catch (error) {
    throw new MigrationRefusedError('directory', whyNot(error, directory, lock), {}, error);
  }
  try {
    const stem = `${nextVersion(await listFiles(directory), now)}_${name}`;
    const files = pair ? { [`${stem}.up.sql`]: up, [`${stem}.down.sql`]: down } : { [`${stem}.sql`]: `${up}\n${down}` };
    for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text, { flag: 'wx' });
    return Object.keys(files).map((file) => join(directory, file));
  } finally {
    await rm(lock, { force: true });
  }
}

/** Two at once would give their migrations one version. */
async function take(lock: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await writeFile(lock, '', { flag: 'wx' });
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || tries === LOCK_TRIES) throw error;
    }
    await sleep(LOCK_PAUSE_MS);
  }
}

function whyNot(error: unknown, directory: string, lock: string): string {
  const code = systemCode(error);
  return code === 'EEXIST' && error instanceof Error && 'syscall' in error && error.syscall === 'open'
    ? `Something else creates a migration, or did not end well: delete ${resolve(lock)} when nothing does.`
    : `The folder ${resolve(directory)} cannot be written to (${code}). --dir names it.`;
}

function snakeCase(given: string): string {
  const name = given
    .trim()
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[\s_-]+/g, '_');
  if (!/^[a-z\d_]+$/.test(name) || name.length > LONGEST_NAME) {
    throw new MigrationRefusedError(
      'file-name',
      `A migration cannot be named ${JSON.stringify(given)}. Accepted are words of A-Z, a-z and 0-9, with spaces, "_" or "-" ` +
        `between, ${String(LONGEST_NAME)} characters in all: "add users".`,
    );
  }
  return name;
}

function nextVersion(files: readonly MigrationFileName[], now: Date): string {
  const [first, ...others] = files;
  if (first === undefined) return '1'.padStart(SHORTEST_VERSION, '0');
  const newest = others.reduce((a, b) => (b.version > a.version ? b : a), first);
  const next = newest.version + 1;
  if (isCounted(newest)) return String(next).padStart(Math.max(SHORTEST_VERSION, newest.label.length), '0');
  const timestamp = Number(now.toISOString().slice(0, 19).replace(/\D/g, ''));
  return String(Math.max(timestamp, next));
}
