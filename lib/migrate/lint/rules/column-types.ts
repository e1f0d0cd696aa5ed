import type { ColumnDef, TypeName } from 'libpg-query';
import { columnType, keepsRows } from '../column-type.js';
import { quoted } from '../names.js';
import { alterations, type Finding, type Rule } from '../rule.js';
import type { LiveTable } from '../live-table.js';

const changeType: Rule = {
  name: 'change-type',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const { subtype, name, def } = command;
      if (subtype !== 'AT_AlterColumnType' || name === undefined || def === undefined || !('ColumnDef' in def))
        continue;
      if (!table.hasRows) continue;
      const column = quoted(name);
      if (isHarmless(table, name, def.ColumnDef)) {
        if (table.isBig && table.isInCheck(name)) yield reread(table, column);
        continue;
      }
      yield {
        message:
          `ALTER COLUMN ${column} TYPE rewrites ${table.description} and all its indexes under an ACCESS EXCLUSIVE lock: nobody ` +
          'reads or writes it meanwhile. Code that runs may not understand the new type.',
        safe_way:
          `1. ADD COLUMN with the new type, and a trigger that keeps it equal to ${column}. 2. UPDATE the old rows in batches. ` +
          `3. Have the code use the new column. 4. DROP COLUMN ${column} when nothing uses it. Where only the length is the ` +
          'point: text, or a longer varchar, rewrites nothing.',
      };
    }
  },
};

function reread(table: LiveTable, column: string): Finding {
  return {
    message:
      `ALTER COLUMN ${column} TYPE rewrites nothing here, but a check is about the column, and it is tried on all rows of ` +
      `${table.description} under an ACCESS EXCLUSIVE lock.`,
    safe_way:
      '1. DROP CONSTRAINT, the new type, and ADD CONSTRAINT … NOT VALID again, in one migration. 2. VALIDATE CONSTRAINT … in the ' +
      'next one.',
  };
}

function isHarmless(table: LiveTable, name: string, { typeName, collClause, raw_default }: ColumnDef): boolean {
  const from = table.columns.get(name);
  const to = columnType(typeName);
  if (from === undefined || to === undefined || collClause !== undefined) return false;
  return keepsRows(from, to) && (raw_default === undefined || isSame(raw_default, name, typeName));
}

/** Whether USING says nothing: `c`, or `c::type`. */
function isSame(using: ColumnDef['raw_default'], name: string, type: TypeName | undefined): boolean {
  if (using === undefined) return false;
  if ('TypeCast' in using) {
    const { arg, typeName } = using.TypeCast;
    const [written, wanted] = [columnType(typeName), columnType(type)];
    return JSON.stringify(written) === JSON.stringify(wanted) && isSame(arg, name, type);
  }
  const fields = 'ColumnRef' in using ? (using.ColumnRef.fields ?? []) : [];
  const [field] = fields;
  return fields.length === 1 && field !== undefined && 'String' in field && field.String.sval === name;
}

const setExpression: Rule = {
  name: 'set-generated-expression',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      if (command.subtype !== 'AT_SetExpression' || !table.hasRows) continue;
      if (table.columns.get(command.name ?? '')?.isStored !== true) continue;
      yield {
        message:
          `SET EXPRESSION rewrites ${table.description} under an ACCESS EXCLUSIVE lock, since the column is stored: nobody reads ` +
          'or writes it meanwhile.',
        safe_way:
          '1. ADD COLUMN as a plain one, and a trigger that sets it by the new expression. 2. UPDATE the old rows in batches. ' +
          '3. Have the code use the new column. 4. DROP the old one.',
      };
    }
  },
};

export const columnTypeRules: readonly Rule[] = [changeType, setExpression];
