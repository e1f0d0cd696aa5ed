import type * as pgQuery from 'libpg-query';
import { Tokenizer } from '../core/sql/tokenizer.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { MigrationPart } from './migration.js';
import { Place } from './place.js';
import { refuseStatement } from './refused-statements.js';
import { tagOf } from './statement-tag.js';
import type { MigrationStatement } from './statement.js';
import { syntaxRefusal } from './syntax-refusal.js';

/** Loaded by those alone who migrate, since it is a megabyte of WASM. */
let parser: Promise<typeof pgQuery> | undefined;

/**
 * The statements of a part, as PostgreSQL's own parser divides them. The locations within `node` are bytes of UTF-8 from
 * the beginning of the part. Throws `MigrationRefusedError` for what cannot be run as a migration: reasons `syntax`,
 * `empty`, `transaction-control`, `needs-no-transaction`, `copy-from-stdin` and `psql-command`.
 */
export async function readStatements(part: MigrationPart): Promise<MigrationStatement[]> {
  parser ??= import('libpg-query');
  const { loadModule, parseSync, scanSync } = await parser;
  await loadModule();
  let stmts: pgQuery.RawStmt[] = [];
  try {
    // The parser takes no empty text.
    if (part.text !== '') stmts = parseSync(part.text).stmts ?? [];
  } catch (error) {
    if (!isSyntaxError(error)) throw tooLarge(part, error);
    throw syntaxRefusal(error, part, (word) => scanSync(word).tokens.every(({ keywordKind }) => keywordKind !== 0));
  }
  const { file, firstLine } = part;
  if (stmts.length === 0) throw new MigrationRefusedError('empty', 'there is no statement.', { file, line: firstLine });
  const statements = locate(part, stmts);
  for (const statement of statements) refuseStatement(statement, part);
  return statements;
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof Error && 'sqlDetails' in error;
}

/** Its memory, or its stack, is at its end. */
function tooLarge({ file, firstLine: line }: MigrationPart, error: unknown): MigrationRefusedError {
  const message = 'a statement is too large or too deeply nested for the parser. Divide it into several.';
  return new MigrationRefusedError('syntax', message, { file, line }, error);
}

function locate({ text, firstLine }: MigrationPart, stmts: readonly pgQuery.RawStmt[]): MigrationStatement[] {
  const bytes = Buffer.from(text);
  const place = new Place(firstLine);
  let passed = 0;
  return stmts.map(({ stmt: node, stmt_location: location = 0, stmt_len: length = bytes.length - location }) => {
    if (node === undefined) throw new Error('The parser gave a statement without its tree');
    const source = bytes.toString('utf8', location, location + length);
    const [from, to] = extent(source);
    place.pass(bytes.toString('utf8', passed, location) + source.slice(0, from));
    const { line, column } = place;
    place.pass(source.slice(from));
    passed = location + length;
    const statement = source.slice(from, to);
    return { text: statement, line, column, tag: tagOf(statement, node), node };
  });
}

/** Without the white space and the comments at both ends. */
function extent(source: string): [from: number, to: number] {
  const token = new Tokenizer(source);
  let from = -1;
  let to = 0;
  while (token.next()) {
    if (token.kind === 'whitespace' || token.kind === 'line-comment' || token.kind === 'block-comment') continue;
    if (from === -1) from = token.start;
    to = token.end;
  }
  return [Math.max(from, 0), to];
}
