import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs mocha with our root hooks on a test file of this text. `code` is null when it did not end by itself. */
export async function runMocha(text: string): Promise<{ code: number | null; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'express-db-resilience-mocha-'));
  try {
    const file = join(folder, 'a.test.mjs');
    await writeFile(file, text);
    const rootHooks = fileURLToPath(new URL('./root-hooks.js', import.meta.url));
    const args = [resolve('node_modules/mocha/bin/mocha.js'), '--no-config', '--require', rootHooks, file];
    return await new Promise((done) => {
      const child = execFile(process.execPath, args, { timeout: 60_000 }, (_error, stdout, stderr) => {
        done({ code: child.exitCode, output: stdout + stderr });
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
