import type { Logger } from 'express-db-resilience';
import { detailsOf } from './details.js';
import type { Terminal } from './terminal.js';

/** What the package reports, in the example's own terminal. A service would give it its pino. */
export function logTo(terminal: Terminal): Logger {
  const write = (fields: object, message: string) => {
    const details = detailsOf(fields).map((line) => wrapped(line, '    '));
    terminal.say([wrapped(message, '  '), ...details].join('\n'));
  };
  return { debug: () => undefined, info: write, warn: write, error: write };
}

function wrapped(text: string, indent: string): string {
  return text.replace(/(\S{72,}|.{1,72})(?:\s+|$)/g, `${indent}$1\n`).trimEnd();
}
