import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from './describe-error.js';
import type { ErrorReport } from './describe-error.js';
import { excerpt } from './render/excerpt.js';
import { viewOf } from './render/view.js';
import type { View } from './render/view.js';
import { wrap } from './render/wrap.js';
import type { Terminal } from './terminal.js';

export interface ErrorContext {
  readonly json: boolean;
  /** Where the file is that the error names. */
  readonly directory?: string | undefined;
  /** What this call had done before: it stays. */
  readonly done?: readonly string[] | undefined;
}

/** For people on standard error, for programs on standard output. */
export async function reportError(error: unknown, terminal: Terminal, context: ErrorContext): Promise<void> {
  const report = describeError(error);
  const interrupted = terminal.signal?.aborted === true;
  if (context.json) {
    const code = interrupted ? 'INTERRUPTED' : report.code;
    terminal.stdout.write(`${JSON.stringify({ error: { ...report, code } }, null, 2)}\n`);
    return;
  }
  const view = viewOf(terminal.stderr, terminal.env);
  const { style, width } = view;
  const lines = [
    interrupted
      ? wrap(
          'Interrupted. What ran was cancelled; where it had a transaction, it was undone. See "migrate status".',
          width,
        )
      : wrap(`error: ${report.message}`, width).replace('error:', style.red),
  ];
  const shown = interrupted ? '' : await excerptOf(report, context.directory, view);
  if (shown !== '') lines.push('', shown, '');
  if (context.done !== undefined && context.done.length > 0) {
    lines.push(wrap(`Done before, and it stays: ${context.done.join(', ')}.`, width));
  }
  if (report.code === 'UNEXPECTED' && error instanceof Error) lines.push(framesOf(error));
  terminal.stderr.write(`${lines.join('\n')}\n`);
}

async function excerptOf({ file, line, column }: ErrorReport, directory = '.', view: View): Promise<string> {
  if (file === null || line === null) return '';
  try {
    return excerpt(await readFile(join(directory, file), 'utf8'), line, column ?? undefined, view);
  } catch {
    return '';
  }
}

function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
