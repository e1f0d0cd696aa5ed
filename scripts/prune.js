// Removes from dist/ what a source that is gone has left behind: tsc does not, and mocha would run its tests.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const made = /(?:[.]d[.]ts|[.]js)(?:[.]map)?$/;

const files = existsSync('dist') ? readdirSync('dist', { recursive: true, encoding: 'utf8' }) : [];
for (const file of files) {
  if (made.test(file) && !existsSync(file.replace(made, '.ts'))) rmSync(join('dist', file));
}
