import type { Constraint } from 'libpg-query';
import { addedColumn, addedConstraint, constraintsOf, defaultOf, isUnchecked } from '../constraints.js';
import { quoted, stringsOf } from '../names.js';
import { alterations, type Rule } from '../rule.js';

const setNotNull: Rule = {
  name: 'set-not-null',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const added = addedConstraint(command);
      const isAdded = added?.contype === 'CONSTR_NOTNULL' && !isUnchecked(added);
      const column = isAdded
        ? stringsOf(added.keys)[0]
        : command.subtype === 'AT_SetNotNull'
          ? command.name
          : undefined;
      if (column === undefined || !table.isBig || table.isNotNull(column)) continue;
      const name = quoted(column);
      yield {
        message: `SET NOT NULL reads all of ${table.description} under an ACCESS EXCLUSIVE lock: nobody reads or writes it meanwhile.`,
        safe_way:
          `1. ADD CONSTRAINT … CHECK (${name} IS NOT NULL) NOT VALID. 2. In the next migration VALIDATE CONSTRAINT …, which lets ` +
          'others read and write. 3. SET NOT NULL, which then reads nothing. 4. DROP CONSTRAINT ….',
      };
    }
  },
};

const foreignKey: Rule = {
  name: 'add-foreign-key-without-not-valid',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      if (!table.hasRows) continue;
      for (const { pktable } of checked(command, 'CONSTR_FOREIGN')) {
        // A new column that is null everywhere refers to nothing.
        const column = addedColumn(command);
        if (column !== undefined && defaultOf(column) === undefined) continue;
        const other = subject.tables.liveRelation(pktable);
        const both = other === undefined ? table.description : `${table.description} and ${other.description}`;
        yield {
          message: `The foreign key holds a SHARE ROW EXCLUSIVE lock on ${both} while all rows are checked: every write waits.`,
          safe_way: inTwoSteps('FOREIGN KEY (…) REFERENCES … (…)', column !== undefined),
        };
      }
    }
  },
};

const check: Rule = {
  name: 'add-check-without-not-valid',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      if (!table.hasRows) continue;
      for (const _ of checked(command, 'CONSTR_CHECK')) {
        yield {
          message:
            `The check is tried on all rows of ${table.description} under an ACCESS EXCLUSIVE lock: nobody reads or writes it ` +
            'meanwhile.',
          safe_way: inTwoSteps('CHECK (…)', addedColumn(command) !== undefined),
        };
      }
    }
  },
};

const validate: Rule = {
  name: 'validate-under-lock',
  *find(subject) {
    const all = [...alterations(subject)];
    for (const { table, command } of all) {
      if (command.subtype !== 'AT_ValidateConstraint' || !table.hasRows) continue;
      if (!subject.held.has(table) && !all.some((other) => other.command.subtype === 'AT_AddConstraint')) continue;
      yield {
        message:
          `VALIDATE CONSTRAINT reads all of ${table.description}, and the lock of the ALTER TABLE before it, in the same ` +
          'transaction, is held until then: it is no better than without NOT VALID.',
        safe_way: 'VALIDATE CONSTRAINT in the next migration.',
      };
    }
  },
};

/** The constraints of a kind that an action adds, and for which the server looks at the rows that are there. */
function checked(command: Parameters<typeof addedConstraint>[0], kind: Constraint['contype']): Constraint[] {
  const constraint = addedConstraint(command);
  const column = addedColumn(command);
  const added = constraint === undefined ? (column === undefined ? [] : constraintsOf(column)) : [constraint];
  if (added.some(({ contype }) => contype === 'CONSTR_ATTR_NOT_ENFORCED')) return [];
  return added.filter((one) => one.contype === kind && !isUnchecked(one));
}

function inTwoSteps(definition: string, isColumns: boolean): string {
  const first = isColumns ? 'ADD COLUMN without the constraint; then ' : '';
  return (
    `1. ${first}ADD CONSTRAINT … ${definition} NOT VALID, which counts for new rows and reads none. 2. In the next migration ` +
    'VALIDATE CONSTRAINT …, which lets others read and write.'
  );
}

export const constraintRules: readonly Rule[] = [setNotNull, foreignKey, check, validate];
