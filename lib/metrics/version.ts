import { createRequire } from 'node:module';

/** Of this package; `unknown` where a bundler has left its package.json behind. */
export const version: string = readVersion();

function readVersion(): string {
  try {
    // By our own name, as it is the same from lib/ and from dist/lib/.
    const manifest = createRequire(import.meta.url)('express-db-resilience/package.json') as { version: string };
    return manifest.version;
  } catch {
    return 'unknown';
  }
}
