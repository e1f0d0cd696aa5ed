import { resolve } from 'node:path';
import { expect } from 'chai';
import { succeed } from './run.js';
import { tarball } from './tarball.js';

const published = [
  /^package\/(?:package[.]json|README[.]md|CHANGELOG[.]md|LICENSE)$/,
  /^package\/lib\/.+[.]ts$/,
  /^package\/ops\/(?:README[.]md|(?:prometheus|grafana)\/.+[.](?:yml|json))$/,
  /^package\/dist\/lib\/.+[.](?:js|d[.]ts)(?:[.]map)?$/,
];

describe('the tarball', () => {
  let files: string[];

  before(async () => {
    files = (await succeed('tar', ['-tzf', await tarball()])).trim().split('\n');
  });

  it('holds the library, its sources for debuggers, and nothing else', () => {
    expect(files.filter((file) => !published.some((pattern) => pattern.test(file)))).to.deep.equal([]);
    expect(files).to.include.members([
      'package/LICENSE',
      'package/README.md',
      'package/CHANGELOG.md',
      'package/lib/index.ts',
      'package/ops/prometheus/alerts.yml',
      'package/ops/grafana/dashboard.json',
      'package/dist/lib/index.js',
      'package/dist/lib/index.d.ts',
      'package/dist/lib/cli/main.js',
      'package/dist/lib/migrate/index.d.ts',
      'package/dist/lib/testing/watchdog.js',
    ]);
  });

  it('has what every source map in it points to', async () => {
    const compiled = files.filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -'.js'.length));
    for (const file of compiled) {
      expect(files).to.include.members([`${file}.js.map`, `${file}.d.ts`, `${file.replace('/dist/', '/')}.ts`]);
    }
  });

  it('passes publint --strict', async () => {
    await succeed(process.execPath, [resolve('node_modules/publint/src/cli.js'), await tarball(), '--strict']);
  });

  it('passes attw with the profile esm-only', async () => {
    const program = resolve('node_modules/@arethetypeswrong/cli/dist/index.js');
    await succeed(process.execPath, [program, await tarball(), '--profile', 'esm-only']);
  });
});
