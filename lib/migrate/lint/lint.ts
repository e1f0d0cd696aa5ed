import type { AlterTableType, Node } from 'libpg-query';
import type { MigrationPart } from '../migration.js';
import type { MigrationDirection, MigrationWarning } from '../reports.js';
import type { MigrationStatement } from '../statement.js';
import { allowedRules } from './allowed.js';
import { apply } from './effects.js';
import type { LiveTable } from './live-table.js';
import { LiveTables } from './live-tables.js';
import { alterations, type Subject } from './rule.js';
import { rules } from './rules/index.js';
import type { TableFacts } from './table-facts.js';

/** One way of a migration that is to be run. */
export interface LintStep {
  readonly version: number;
  readonly direction: MigrationDirection;
  readonly part: MigrationPart;
  readonly statements: readonly MigrationStatement[];
}

/**
 * Warns of the statements that hold up or break a live database. Silent about tables that the steps themselves create, and
 * about empty ones where only their size matters.
 */
export function lint(steps: readonly LintStep[], facts: TableFacts): MigrationWarning[] {
  const tables = new LiveTables(facts);
  return steps.flatMap((step) => lintStep(step, tables));
}

function lintStep({ version, direction, part, statements }: LintStep, tables: LiveTables): MigrationWarning[] {
  const warnings: MigrationWarning[] = [];
  const held = new Set<LiveTable>();
  tables.setSearchPath(undefined);
  const lines = part.text.split('\n');
  statements.forEach((statement, index) => {
    const { node, line, column } = statement;
    const previous = statements[index - 1]?.node;
    const allowed = allowedRules(lines, part.firstLine, statement);
    const subject: Subject = { node, previous, direction, tables, held };
    for (const rule of rules) {
      if (allowed.has(rule.name)) continue;
      for (const { message, safe_way } of rule.find(subject)) {
        warnings.push({ rule: rule.name, version, direction, file: part.file, line, column, message, safe_way });
      }
    }
    if (part.transaction) for (const table of lockedBy(node, tables)) held.add(table);
    apply(node, tables);
  });
  return warnings;
}

// They let others read and write.
const mild = new Set<AlterTableType | undefined>([
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_AttachPartition',
]);

function* lockedBy(node: Node, tables: LiveTables): Iterable<LiveTable> {
  for (const { table, command } of alterations({ node, tables })) if (!mild.has(command.subtype)) yield table;
}
