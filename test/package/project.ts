import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { succeed } from './run.js';
import { tarball, temporaryFolder } from './tarball.js';

export interface ProjectOptions {
  /** A name of our package.json's devDependencies each, installed in the version that is installed here. */
  readonly packages: readonly string[];
  /** What to copy from test/package/consumers. */
  readonly files: readonly string[];
  readonly type?: 'module' | 'commonjs';
  readonly npmOptions?: readonly string[];
}

/** Makes an empty project and installs the tarball there, as an application does. Its folder. */
export async function createProject(name: string, options: ProjectOptions): Promise<string> {
  const { packages, files, type = 'module', npmOptions = [] } = options;
  const folder = join(await temporaryFolder(), name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, private: true, type }));
  for (const file of files) await copyFile(resolve('test/package/consumers', file), join(folder, file));
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
