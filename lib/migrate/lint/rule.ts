import type { AlterTableCmd, Node } from 'libpg-query';
import type { MigrationDirection } from '../reports.js';
import type { LiveTable } from './live-table.js';
import type { LiveTables } from './live-tables.js';

/** A statement, and all that a rule may look at. */
export interface Subject {
  readonly node: Node;
  /** The statement before it in the same migration. */
  readonly previous: Node | undefined;
  readonly direction: MigrationDirection;
  /** As the statements before this one leave it. */
  readonly tables: LiveTables;
  /** Those that a statement before it in the same transaction holds so that nobody else can use them. */
  readonly held: ReadonlySet<LiveTable>;
}

export interface Finding {
  /** What it does to a live database. */
  readonly message: string;
  /** What to do instead, in steps. */
  readonly safe_way: string;
}

export interface Rule {
  readonly name: string;
  readonly find: (subject: Subject) => Iterable<Finding>;
}

/** Each action of an ALTER TABLE on a table that was there before. */
export function* alterations({
  node,
  tables,
}: Pick<Subject, 'node' | 'tables'>): Iterable<{ table: LiveTable; command: AlterTableCmd }> {
  if (!('AlterTableStmt' in node)) return;
  const table = tables.liveRelation(node.AlterTableStmt.relation);
  if (table === undefined) return;
  for (const command of node.AlterTableStmt.cmds ?? []) {
    if ('AlterTableCmd' in command) yield { table, command: command.AlterTableCmd };
  }
}
