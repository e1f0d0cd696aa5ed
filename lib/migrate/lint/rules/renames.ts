import type { ObjectType } from 'libpg-query';
import { quoted } from '../names.js';
import type { Rule } from '../rule.js';

const tableTypes = new Set<ObjectType | undefined>([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
]);

const renameTable: Rule = {
  name: 'rename-table',
  *find({ node, tables }) {
    const isMove = 'AlterObjectSchemaStmt' in node;
    const rename = isMove ? node.AlterObjectSchemaStmt : 'RenameStmt' in node ? node.RenameStmt : undefined;
    const type = isMove
      ? node.AlterObjectSchemaStmt.objectType
      : 'RenameStmt' in node
        ? node.RenameStmt.renameType
        : undefined;
    const table = tables.liveRelation(rename?.relation);
    if (table === undefined || !tableTypes.has(type)) return;
    yield {
      message: `The code that runs now still asks for ${table.label}, and fails from this moment until the last instance is replaced.`,
      safe_way:
        `1. CREATE VIEW with the new name AS SELECT * FROM ${table.label}: simple views can be written to. 2. Have the code use ` +
        'it. 3. When no instance uses the old name: DROP VIEW and rename, in one transaction.',
    };
  },
};

const renameColumn: Rule = {
  name: 'rename-column',
  *find({ node, tables }) {
    if (!('RenameStmt' in node) || node.RenameStmt.renameType !== 'OBJECT_COLUMN') return;
    const table = tables.liveRelation(node.RenameStmt.relation);
    const name = node.RenameStmt.subname ?? '';
    if (table?.hasLiveColumn(name) !== true) return;
    const column = quoted(name);
    yield {
      message:
        `The code that runs now still asks for ${column} of ${table.label}, and fails from this moment until the last instance ` +
        'is replaced.',
      safe_way:
        `1. ADD COLUMN with the new name, and a trigger that keeps both equal. 2. UPDATE the old rows in batches. 3. Have the ` +
        `code use the new one. 4. DROP COLUMN ${column} when no instance uses it. Or leave it, and rename it in a view.`,
    };
  },
};

export const renameRules: readonly Rule[] = [renameTable, renameColumn];
