import { Tokenizer } from '../core/sql/tokenizer.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { MigrationPart } from './migration.js';
import { Place } from './place.js';

const copyAdvice = 'COPY FROM STDIN needs its data beside the statements, which psql alone can send. Use INSERT.';

export function copyRefusal(place: { file: string; line: number; column: number }): MigrationRefusedError {
  return new MigrationRefusedError('copy-from-stdin', copyAdvice, place);
}

/** What the error of the parser is: a refusal with its place, and without anything of the text that may be a value. */
export function syntaxRefusal(
  error: unknown,
  { text, file, firstLine }: MigrationPart,
  isKeyword: (word: string) => boolean,
): MigrationRefusedError {
  const { message, offset } = detailsOf(error, text);
  const placeAt = (end: number) => {
    const place = new Place(firstLine);
    place.pass(text.slice(0, end));
    return { file, line: place.line, column: place.column };
  };
  const copy = copyBefore(text, offset);
  if (copy !== undefined) return copyRefusal(placeAt(copy));
  // The place alone does not tell: a wrong escape in a string is at a backslash as well.
  if (message === 'syntax error at or near "\\"') {
    const advice =
      'a command of psql, which is not SQL. Delete its line; \\restrict, \\unrestrict and \\connect, as pg_dump ' +
      'writes them, are not needed here.';
    return new MigrationRefusedError('psql-command', advice, placeAt(offset));
  }
  return new MigrationRefusedError('syntax', `${withoutValues(message, isKeyword)}. Nothing was run.`, placeAt(offset));
}

function detailsOf(error: unknown, text: string): { message: string; offset: number } {
  const details: unknown = error instanceof Error && 'sqlDetails' in error ? error.sqlDetails : undefined;
  if (typeof details !== 'object' || details === null) throw error;
  const { message, cursorPosition } = details as { message?: unknown; cursorPosition?: unknown };
  // The parser counts characters here, and bytes for its statements.
  const passed = typeof cursorPosition === 'number' ? cursorPosition : 0;
  let offset = 0;
  for (let count = 0; count < passed && offset < text.length; count++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return { message: String(message), offset };
}

const near = / at or near "([\s\S]*)"$/;

/** A word that is none of SQL's may be the inside of a string whose quotes do not match. */
function withoutValues(message: string, isKeyword: (word: string) => boolean): string {
  const quoted = near.exec(message)?.[1];
  const head = message.replace(near, '');
  const kind = /^[\w $*/-]+$/.test(head) ? head : 'syntax error';
  if (quoted === undefined) return kind;
  const isShown = /^[a-z_]+$/i.test(quoted) ? isKeyword(quoted) : /^[^\s\w'"$\\\u0080-\uffff]{1,3}$/.test(quoted);
  return isShown ? `${kind} at or near "${quoted}"` : kind;
}

/** The rows of COPY … FROM stdin; are no SQL: the parser stops at them, or later. */
function copyBefore(text: string, end: number): number | undefined {
  const token = new Tokenizer(text);
  let start: number | undefined;
  let words: string[] = [];
  while (token.next() && token.start < end) {
    const { kind } = token;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    const word = text.slice(token.start, token.end).toLowerCase();
    if (word === ';') {
      if (start !== undefined && words[0] === 'copy' && / from stdin\b/.test(words.join(' '))) return start;
      start = undefined;
      words = [];
    } else {
      start ??= token.start;
      words.push(word);
    }
  }
  return undefined;
}
