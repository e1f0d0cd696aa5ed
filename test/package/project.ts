import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { succeed } from './run.js';
import { tarball, temporaryFolder } from './tarball.js';

export interface ProjectOptions {
  /** A name of our package.json's devDependencies each, installed in the version that is installed here. */
  readonly packages: readonly string[];
  /** File names and texts; without a text, what test/package/consumers has under that name. */
  readonly files: Readonly<Record<string, string | undefined>>;
  readonly type?: 'module' | 'commonjs';
  readonly npmOptions?: readonly string[];
}

/** Makes an empty project and installs the tarball there, as an application does. Its folder. */
export async function createProject(name: string, options: ProjectOptions): Promise<string> {
  const { packages, files, type = 'module', npmOptions = [] } = options;
  const folder = join(await temporaryFolder(), name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, private: true, type }));
  for (const [file, text] of Object.entries(files)) {
    if (text === undefined) await copyFile(resolve('test/package/consumers', file), join(folder, file));
    else await writeFile(join(folder, file), text);
  }
  const specifiers = await Promise.all(packages.map(installedHere));
  await succeed(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', ...npmOptions, await tarball(), ...specifiers],
    { cwd: folder },
  );
  return folder;
}

/** `name@version` of what is installed here under that name. */
export async function installedHere(alias: string): Promise<string> {
  const manifest = await readFile(resolve('node_modules', alias, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  return `${name}@${version}`;
}
