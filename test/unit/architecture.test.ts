import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** What dependency-cruiser objects to in `folder`, by our rules: "rule: from → to". */
function violations(folder: string): Promise<string[]> {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', resolve('.dependency-cruiser.js'), '--output-type', 'json', '.'];
  return new Promise((done, fail) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error !== null) {
        fail(new Error(`dependency-cruiser failed: ${stderr}`, { cause: error }));
        return;
      }
      const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[]; totalCruised: number } };
      expect(summary.totalCruised, 'files looked at').to.be.greaterThan(10);
      done(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort());
    });
  });
}

const rightImports: Record<string, string> = {
  'lib/core/clock.ts': 'export const clock = 1;',
  'lib/core/scope/scope.ts': `import '../clock.js';`,
  'lib/errors/errors.ts': `import '../core/clock.js'; export type E = 1;`,
  'lib/pool/pool.ts': `import '../errors/errors.js'; import '../core/scope/scope.js'; import 'pg';`,
  'lib/pool/entry.ts': `import type { S } from './statement.js'; export type P = S;`,
  'lib/pool/statement.ts': `import { type P } from './entry.js'; import './entry.js'; export type S = P | 1;`,
  'lib/monitor/connections.ts': `import '../core/clock.js';`,
  'lib/express/adapter.ts': `import type { Request } from 'express'; export type R = Request;`,
  'lib/testing/index.ts': `import '../core/clock.js';`,
  'lib/index.ts': `import './pool/pool.js'; import './express/adapter.js';`,
  'examples/exploits-api.ts': `import '../lib/index.js'; import 'express';`,
  'test/inside.test.ts': `import '../lib/pool/entry.js'; import 'chai';`,
};

const wrongImports: Record<string, { text: string; violations: string[] }> = {
  'lib/core/outwards.ts': {
    text: `import '../errors/errors.js';`,
    violations: ['core-imports-outwards: lib/core/outwards.ts → lib/errors/errors.ts'],
  },
  'lib/core/to-scope.ts': {
    text: `import './scope/scope.js';`,
    violations: ['core-imports-outwards: lib/core/to-scope.ts → lib/core/scope/scope.ts'],
  },
  'lib/errors/by-type.ts': {
    text: `import type { P } from '../pool/entry.js'; export type Q = P;`,
    violations: ['errors-imports-outwards: lib/errors/by-type.ts → lib/pool/entry.ts'],
  },
  'lib/policy/lazily.ts': {
    text: `export const later = () => import('../pool/pool.js');`,
    violations: ['policy-imports-outwards: lib/policy/lazily.ts → lib/pool/pool.ts'],
  },
  'lib/monitor/pool.ts': {
    text: `import '../pool/pool.js';`,
    violations: ['monitor-imports-outwards: lib/monitor/pool.ts → lib/pool/pool.ts'],
  },
  'lib/testing/errors.ts': {
    text: `import '../errors/errors.js';`,
    violations: ['testing-stands-alone: lib/testing/errors.ts → lib/errors/errors.ts'],
  },
  'lib/cli/test.ts': {
    text: `import '../testing/index.js';`,
    violations: ['nobody-imports-testing: lib/cli/test.ts → lib/testing/index.ts'],
  },
  'lib/cli/index.ts': {
    text: `import '../index.js';`,
    violations: ['nobody-imports-index: lib/cli/index.ts → lib/index.ts'],
  },
  'lib/cli/example.ts': {
    text: `import '../../examples/exploits-api.js';`,
    violations: ['lib-imports-from-outside: lib/cli/example.ts → examples/exploits-api.ts'],
  },
  'lib/cli/development.ts': {
    text: `import 'chai';`,
    violations: ['lib-imports-development-package: lib/cli/development.ts → node_modules/chai/index.js'],
  },
  'lib/express/really.ts': {
    text: `import 'express';`,
    violations: ['express-is-a-type: lib/express/really.ts → node_modules/express/index.js'],
  },
  'lib/utils/new.ts': {
    text: `import '../core/clock.js';`,
    violations: ['layer-unknown: lib/utils/new.ts → lib/core/clock.ts'],
  },
  'examples/private.ts': {
    text: `import '../lib/pool/pool.js';`,
    violations: ['private-import: examples/private.ts → lib/pool/pool.ts'],
  },
  'bench/missing.ts': {
    text: `import './gone.js';`,
    violations: ['not-resolvable: bench/missing.ts → ./gone.js'],
  },
  'dist/lib/pool/a.js': {
    text: `import './b.js';`,
    violations: ['circle-at-run-time: dist/lib/pool/a.js → dist/lib/pool/b.js'],
  },
  'dist/lib/pool/b.js': { text: `import './a.js';`, violations: [] }, // a circle is reported once
};

const surroundings: Record<string, string> = {
  'package.json': JSON.stringify({
    type: 'module',
    peerDependencies: { pg: '*', express: '*' },
    devDependencies: { pg: '*', express: '*', chai: '*' },
  }),
  'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2023', types: [] } }),
  ...Object.fromEntries(
    ['pg', 'express', 'chai'].flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, ''],
    ]),
  ),
};

async function plant(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

describe('architecture', function () {
  this.timeout(60_000);

  it('imports go inwards only', async () => {
    expect(await violations('.')).to.deep.equal([]);
  });

  it('finds each planted wrong import, and no fault with a right one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'express-db-resilience-imports-'));
    try {
      await plant(folder, surroundings);
      await plant(folder, rightImports);
      await plant(folder, Object.fromEntries(Object.entries(wrongImports).map(([name, { text }]) => [name, text])));
      const expected = Object.values(wrongImports).flatMap((wrong) => wrong.violations);
      expect(await violations(folder)).to.deep.equal(expected.sort());
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
