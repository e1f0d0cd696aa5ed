import type { Logger } from 'express-db-resilience';
import type { Terminal } from './terminal.js';

/** What the package reports, in the example's own terminal. A service would give it its pino. */
export function logTo(terminal: Terminal): Logger {
  const write = (fields: object, message: string) => {
    const { err, advice } = fields as { err?: Error; advice?: string };
    const lines = [message, err?.message, advice].filter((line) => line !== undefined);
    terminal.say(lines.map((line, index) => wrapped(line, index === 0 ? '  ' : '    ')).join('\n'));
  };
  return { debug: () => undefined, info: write, warn: write, error: write };
}

function wrapped(text: string, indent: string): string {
  return text.replace(/(.{1,72})(?:\s+|$)/g, `${indent}$1\n`).trimEnd();
}
