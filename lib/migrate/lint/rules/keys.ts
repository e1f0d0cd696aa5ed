import type { AlterTableCmd, Constraint } from 'libpg-query';
import { addedColumn, addedConstraint, constraintsOf } from '../constraints.js';
import { alterations, type Rule } from '../rule.js';

const key: Rule = {
  name: 'add-unique-or-primary-key-without-using-index',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const constraint = added(command).find(
        ({ contype }) => contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY',
      );
      if (constraint === undefined || constraint.indexname !== undefined || !table.hasRows) continue;
      const kind = constraint.contype === 'CONSTR_PRIMARY' ? 'PRIMARY KEY' : 'UNIQUE';
      yield {
        message:
          `ADD ${kind} builds its index under an ACCESS EXCLUSIVE lock on ${table.description}: nobody reads or writes it ` +
          'meanwhile.',
        safe_way:
          `1. CREATE UNIQUE INDEX CONCURRENTLY … ON ${table.label} (…), in a migration with transaction:false. 2. ALTER TABLE ` +
          `${table.label} ADD CONSTRAINT … ${kind} USING INDEX ….` +
          (kind === 'PRIMARY KEY' ? ' Its columns have to be NOT NULL before, or all rows are read for it.' : ''),
      };
    }
  },
};

const exclusion: Rule = {
  name: 'add-exclusion-constraint',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      if (addedConstraint(command)?.contype !== 'CONSTR_EXCLUSION' || !table.hasRows) continue;
      yield {
        message:
          `ADD EXCLUDE builds its index under an ACCESS EXCLUSIVE lock on ${table.description}: nobody reads or writes it ` +
          'meanwhile. PostgreSQL has no way to add one while the table is used.',
        safe_way:
          '1. CREATE TABLE a new one with the constraint. 2. Have triggers write to both, and copy the old rows in batches. 3. ' +
          'Rename both in one short transaction. Or do it in a maintenance window.',
      };
    }
  },
};

function added(command: AlterTableCmd): Constraint[] {
  const column = addedColumn(command);
  const constraint = addedConstraint(command);
  return constraint === undefined ? (column === undefined ? [] : constraintsOf(column)) : [constraint];
}

export const keyRules: readonly Rule[] = [key, exclusion];
