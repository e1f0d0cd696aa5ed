import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'mocha';
import { succeed } from './run.js';

let folder: Promise<string> | undefined;
let packed: Promise<string> | undefined;

/** A folder for the tests of this process, which goes with them. */
export function temporaryFolder(): Promise<string> {
  folder ??= mkdtemp(join(tmpdir(), 'express-db-resilience-package-'));
  return folder;
}

/** The package as npm would publish it. Packed once, from the build that these tests belong to. */
export function tarball(): Promise<string> {
  packed ??= pack();
  return packed;
}

async function pack(): Promise<string> {
  const destination = await temporaryFolder();
  // Without scripts: prepack would build anew, and take away the code that is running here.
  const output = await succeed('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', destination]);
  return join(destination, output.trim());
}

after('remove the tarball and its consumers', async () => {
  if (folder !== undefined) await rm(await folder, { recursive: true });
});
