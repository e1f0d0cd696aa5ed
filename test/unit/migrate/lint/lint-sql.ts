import { loadModule, parseSync } from 'libpg-query';
import { lint, type LintStep } from '../../../../lib/migrate/lint/lint.js';
import type { TableFact, TableFacts } from '../../../../lib/migrate/lint/table-facts.js';
import type { MigrationWarning } from '../../../../lib/migrate/reports.js';
import type { MigrationStatement } from '../../../../lib/migrate/statement.js';

/** A migration's text and what of it is not as usual. */
export type Sql =
  | string
  | {
      readonly text: string;
      readonly direction?: 'up' | 'down';
      readonly transaction?: boolean;
      readonly firstLine?: number;
    };

/** Warns of migrations that are run one after the other. */
export async function lintSql(migrations: readonly Sql[], known: TableFacts = facts()): Promise<MigrationWarning[]> {
  await loadModule();
  return lint(
    migrations.map((sql, index) => step(typeof sql === 'string' ? { text: sql } : sql, index + 1)),
    known,
  );
}

/** The statements of a text. Its characters are of one byte. */
export async function statementsOf(text: string): Promise<MigrationStatement[]> {
  await loadModule();
  return parse(text, 1);
}

function step(sql: Exclude<Sql, string>, version: number): LintStep {
  const { text, direction = 'up', transaction = true, firstLine = 1 } = sql;
  const file = `${String(version)}_a.sql`;
  const part = { file, text, firstLine, checksum: '', transaction, idempotent: false };
  return { version, direction, part, statements: parse(text, firstLine) };
}

function parse(text: string, firstLine: number): MigrationStatement[] {
  return (parseSync(text).stmts ?? []).map(({ stmt: node, stmt_location = 0, stmt_len }) => {
    if (node === undefined) throw new Error('no tree');
    const source = text.slice(stmt_location, stmt_len === undefined ? undefined : stmt_location + stmt_len);
    const start = stmt_location + source.length - source.replace(/^(?:\s|--.*\n)+/, '').length;
    const before = text.slice(0, start).split('\n');
    return {
      text: text.slice(start, stmt_location + source.length),
      line: firstLine + before.length - 1,
      column: (before.at(-1) ?? '').length + 1,
      tag: '',
      node,
    };
  });
}

/** `big`, `small` and `bare` are alike but for their rows; so that a rule is tried with each. */
export function facts(change: Partial<TableFacts> = {}): TableFacts {
  return {
    serverVersion: 180_000,
    searchPath: ['public'],
    tables: [
      table('big', 1_000_000, 200_000_000),
      table('small', 3, 8192),
      table('bare', 0, 0),
      table('User', 3, 8192),
      { ...table('other', 3, 8192), schema: 'app' },
      { ...table('parted', 1_000_000, 200_000_000), kind: 'partitioned' },
      { ...table('totals', 10, 8192), kind: 'materialized-view' },
      { ...table('shown', 0, 0), kind: 'view' },
    ],
    indexes: ['big', 'small', 'bare'].map((of) => ({
      schema: 'public',
      name: `${of}_i`,
      table: { schema: 'public', name: of },
    })),
    functions: [
      { schema: 'pg_catalog', name: 'now', isVolatile: false },
      { schema: 'pg_catalog', name: 'random', isVolatile: true },
    ],
    constrainedDomains: [{ schema: 'public', name: 'positive' }],
    ...change,
  };
}

export function table(name: string, rows: number | null, bytes: number): TableFact {
  const column = (of: string, type: string, ...modifiers: number[]) => ({
    name: of,
    type,
    modifiers,
    notNull: false,
    isStored: false,
  });
  return {
    schema: 'public',
    name,
    kind: 'table',
    rows,
    bytes,
    columns: [
      { ...column('id', 'int4'), notNull: true },
      column('a', 'int4'),
      column('checked', 'int4'),
      column('doubtful', 'int4'),
      column('v', 'varchar', 10),
      column('n', 'numeric', 10, 2),
      column('ts', 'timestamp', 3),
      column('t', 'text'),
      { ...column('stored', 'int4'), isStored: true },
      column('virtual', 'int4'),
    ],
    checks: [
      { name: 'checked_there', notNullOf: 'checked', columns: ['checked'], isValid: true },
      { name: 'doubtful_there', notNullOf: 'doubtful', columns: ['doubtful'], isValid: false },
    ],
  };
}
