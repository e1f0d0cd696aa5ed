import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBinaries } from '../../../lib/testing/binaries.js';
import { readyToRun } from '../../../lib/testing/embedded-binaries.js';
import { serverAccount } from '../../../lib/testing/user.js';
import { canRun, rejection } from './observe.js';

const asRoot = process.getuid?.() === 0;

describe('binaries', () => {
  let folder: string;
  let packageFolder: string;
  const environment = { ...process.env };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'express-db-resilience-test-'));
    chmodSync(folder, 0o777);
    process.env.TMPDIR = folder;
    packageFolder = join(folder, 'package');
    for (const part of ['bin', 'lib']) mkdirSync(join(packageFolder, 'native', part), { recursive: true });
    writeFileSync(join(packageFolder, 'package.json'), '{ "version": "1.2.3" }');
    writeFileSync(join(packageFolder, 'native/bin/postgres'), 'program');
    writeFileSync(join(packageFolder, 'native/lib/libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(packageFolder, 'native/pg-symlinks.json'), JSON.stringify(links));
  });

  afterEach(() => {
    for (const name of ['TMPDIR', 'TEST_POSTGRES']) {
      if (environment[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = environment[name];
    }
    chmodSync(join(packageFolder, 'native/lib'), 0o755); // else its owner could not remove it
    rmSync(folder, { recursive: true });
  });

  const copies = (): string[] =>
    readdirSync(folder).filter((name) => name.startsWith('express-db-resilience-postgres-'));

  it('makes the links that an installation without scripts lacks, in place', async () => {
    expect(await readyToRun(packageFolder, false)).to.equal(join(packageFolder, 'native/bin'));
    expect(readlinkSync(join(packageFolder, 'native/lib/libpq.so.5'))).to.equal('libpq.so.5.18');
    await readyToRun(packageFolder, false);
    expect(copies()).to.deep.equal([]);
  });

  it('makes one copy with links for an account that cannot read the original, whoever else is at it', async () => {
    chmodSync(join(packageFolder, 'native/lib'), 0o700);
    chmodSync(join(packageFolder, 'native/bin/postgres'), 0o700);
    const umask = process.umask(0o077);
    const bins = await Promise.all([1, 2, 3, 4].map(() => readyToRun(packageFolder, true)));
    process.umask(umask);
    expect(copies()).to.have.length(1);
    expect(copies()[0]).to.match(/-1\.2\.3-/);
    expect(new Set(bins)).to.deep.equal(new Set([join(folder, copies()[0] ?? '', 'native/bin')]));
    const copy = join(bins[0] ?? '', '../..');
    for (const path of ['', 'native', 'native/lib', 'native/bin/postgres']) {
      expect(lstatSync(join(copy, path)).mode & 0o777, path).to.equal(0o755);
    }
    expect(lstatSync(join(copy, 'native/lib/libpq.so.5.18')).mode & 0o777).to.equal(0o644);
    expect(readFileSync(join(copy, 'native/lib/libpq.so.5'), 'utf8')).to.equal('library');
    expect(existsSync(join(packageFolder, 'native/lib/libpq.so.5'))).to.equal(false);
  });

  it('uses the copy again, and renews one that has lost files', async () => {
    const bin = await readyToRun(packageFolder, true);
    const inode = lstatSync(bin).ino;
    await readyToRun(packageFolder, true);
    expect(lstatSync(bin).ino).to.equal(inode);
    rmSync(join(bin, 'postgres'));
    expect(await readyToRun(packageFolder, true)).to.equal(bin);
    expect(readFileSync(join(bin, 'postgres'), 'utf8')).to.equal('program');
    expect(copies()).to.have.length(1);
    expect(readdirSync(join(bin, '../..'))).to.deep.equal(['native']);
  });

  it('does not run a copy that somebody else has put there', async function () {
    if (!asRoot) {
      process.stderr.write('NOT TESTED: only root can give a folder to somebody else\n');
      this.skip();
    }
    await readyToRun(packageFolder, true);
    chownSync(join(folder, copies()[0] ?? ''), 65534, 65534);
    expect(await rejection(readyToRun(packageFolder, true)))
      .to.have.property('message')
      .that.includes('belongs to somebody else');
  });

  it('copies when it may not make the links in place', async function () {
    const module = new URL('../../../lib/testing/embedded-binaries.js', import.meta.url);
    const account = await serverAccount();
    if (account !== undefined && !canRun(fileURLToPath(module), account)) {
      process.stderr.write(
        `NOT TESTED: user ${String(account.uid)} cannot run ${process.execPath} on ${module.href}\n`,
      );
      this.skip();
    }
    chmodSync(join(packageFolder, 'native/lib'), 0o555);
    const code = `console.log(await (await import('${module.href}')).readyToRun('${packageFolder}', false))`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      ...account,
      cwd: '/',
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    expect(stdout.trim()).to.equal(join(folder, copies()[0] ?? 'no copy', 'native/bin'));
  });

  it('names what it did not find, and what to do', async () => {
    expect(await rejection(findBinaries({ bin: '/nowhere' }, false)))
      .to.have.property('message')
      .that.includes('no initdb and postgres in /nowhere');
    process.env.TEST_POSTGRES = 'sytem';
    expect(await rejection(findBinaries(undefined, false)))
      .to.have.property('message')
      .that.matches(/"sytem"; it may be "embedded".*or "system"/);
  });
});
