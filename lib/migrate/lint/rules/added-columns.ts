import type { ColumnDef, Node } from 'libpg-query';
import { columnType } from '../column-type.js';
import { addedColumn, constraintsOf, defaultOf } from '../constraints.js';
import type { LiveTables } from '../live-tables.js';
import { nameOfList, quoted } from '../names.js';
import { alterations, type Rule } from '../rule.js';
import { walk } from '../walk.js';

const serials = /^(?:small|big)?serial[248]?$/;

const rewriting: Rule = {
  name: 'add-column-volatile-default',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const column = addedColumn(command);
      const why = column === undefined ? undefined : reasonToRewrite(column, subject.tables);
      if (column === undefined || why === undefined || !table.hasRows) continue;
      const name = quoted(column.colname ?? '');
      yield {
        message:
          `ADD COLUMN ${name} rewrites ${table.description} and all its indexes under an ACCESS EXCLUSIVE lock, for ${why}: ` +
          'nobody reads or writes it meanwhile.',
        safe_way: why.startsWith('a generated')
          ? `ADD COLUMN ${name} as a plain column without a default; a trigger that sets it for new rows; UPDATE the old rows in ` +
            'batches. From PostgreSQL 18 on a VIRTUAL generated column needs no rewrite.'
          : `1. ADD COLUMN ${name} without the default. 2. In another statement ALTER COLUMN ${name} SET DEFAULT …, which ` +
            'counts for new rows only (for an identity: SET NOT NULL after step 3, then ADD GENERATED). 3. UPDATE the old ' +
            'rows in batches, outside of this migration.',
      };
    }
  },
};

const required: Rule = {
  name: 'add-not-null-column-without-default',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const column = addedColumn(command);
      if (column === undefined || !table.hasRows || !isRequired(column)) continue;
      const name = quoted(column.colname ?? '');
      yield {
        message:
          `ADD COLUMN ${name} NOT NULL without a default fails if there is one row in ${table.description}; and where it ` +
          'succeeds, code that does not know the column can insert no more.',
        safe_way:
          `1. ADD COLUMN ${name} with a constant DEFAULT, which rewrites nothing; or without NOT NULL. 2. Have the code fill it, ` +
          `and UPDATE the old rows in batches. 3. ADD CHECK (${name} IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT in the next ` +
          `migration; then ALTER COLUMN ${name} SET NOT NULL.`,
      };
    }
  },
};

function isRequired(column: ColumnDef): boolean {
  const kinds = constraintsOf(column).map(({ contype }) => contype);
  const isFilled =
    kinds.includes('CONSTR_IDENTITY') ||
    kinds.includes('CONSTR_GENERATED') ||
    defaultOf(column) !== undefined ||
    serials.test(columnType(column.typeName)?.type ?? '');
  return !isFilled && (kinds.includes('CONSTR_NOTNULL') || kinds.includes('CONSTR_PRIMARY'));
}

function reasonToRewrite(column: ColumnDef, tables: LiveTables): string | undefined {
  const type = columnType(column.typeName)?.type ?? '';
  if (serials.test(type)) return `${type} gives each row its own number`;
  const constraints = constraintsOf(column);
  if (constraints.some(({ contype }) => contype === 'CONSTR_IDENTITY'))
    return 'an identity gives each row its own number';
  const generated = constraints.find(({ contype }) => contype === 'CONSTR_GENERATED');
  if (generated !== undefined) return generated.generated_kind === 'v' ? undefined : 'a generated column is stored';
  const volatile = volatileCall(defaultOf(column), tables);
  if (volatile !== undefined) return `the default is volatile: ${volatile}() is called for each row`;
  return tables.isConstrainedDomain(nameOfList(column.typeName?.names))
    ? `the domain ${type} has constraints to be checked in each row`
    : undefined;
}

function volatileCall(expression: Node | undefined, tables: LiveTables): string | undefined {
  let found: string | undefined;
  walk(expression, (object) => {
    if (!Array.isArray(object['funcname'])) return;
    const name = nameOfList(object['funcname'] as Node[]);
    if (name !== undefined && tables.isVolatile(name)) found = name.name;
  });
  return found;
}

export const addedColumnRules: readonly Rule[] = [rewriting, required];
