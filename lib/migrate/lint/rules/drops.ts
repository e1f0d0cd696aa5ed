import { droppedNames } from '../effects.js';
import { quoted } from '../names.js';
import { alterations, type Rule } from '../rule.js';

const dropTable: Rule = {
  name: 'drop-table',
  *find({ node, tables, direction }) {
    if (!('DropStmt' in node)) return;
    const { removeType } = node.DropStmt;
    if (removeType !== 'OBJECT_TABLE' && removeType !== 'OBJECT_FOREIGN_TABLE') return;
    for (const name of droppedNames(node)) {
      const table = tables.live(name);
      if (table === undefined) continue;
      yield direction === 'down'
        ? {
            message: `The way down drops ${table.description}: all that was written to it since the way up is lost.`,
            safe_way: `Take a backup of it first (pg_dump --table=${table.label}), or leave it and mend what is wrong by a new migration.`,
          }
        : {
            message: `DROP TABLE loses all of ${table.description}, and the code that runs now fails where it still asks for it.`,
            safe_way:
              '1. Have no code use it, and deploy that. 2. Look in pg_stat_user_tables whether it is still read. 3. Take a backup ' +
              `of it (pg_dump --table=${table.label}). 4. DROP TABLE in a later release.`,
          };
    }
  },
};

const dropColumn: Rule = {
  name: 'drop-column',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const name = command.name ?? '';
      if (command.subtype !== 'AT_DropColumn' || !table.hasLiveColumn(name)) continue;
      const column = quoted(name);
      yield subject.direction === 'down'
        ? {
            message: `The way down drops ${column} of ${table.description}: all that was written to it since the way up is lost.`,
            safe_way:
              'Take a backup of the table first, or leave the column and mend what is wrong by a new migration.',
          }
        : {
            message:
              `DROP COLUMN loses ${column} of ${table.description}, and the code that runs now fails where it still names it; ` +
              'prepared statements with * fail too.',
            safe_way:
              '1. Have no code name it, neither in SELECT nor in INSERT, and deploy that (where it is NOT NULL without a default, ' +
              'DROP NOT NULL before). 2. DROP COLUMN in a later release.',
          };
    }
  },
};

const dropDatabase: Rule = {
  name: 'drop-database',
  *find({ node }) {
    if (!('DropdbStmt' in node)) return;
    yield {
      message: `DROP DATABASE loses all of ${quoted(node.DropdbStmt.dbname ?? '')}, and cannot be rolled back.`,
      safe_way: 'Do it by hand, after a backup, and never in a migration.',
    };
  },
};

const cascade: Rule = {
  name: 'drop-with-cascade',
  *find(subject) {
    const { node, tables } = subject;
    const finding = (what: string) => ({
      message: `CASCADE drops whatever depends on ${what} too, on each database what is there: views, foreign keys, columns.`,
      safe_way:
        'Name each of them in a DROP of its own, and leave CASCADE out: then the server refuses what was forgotten.',
    });
    if ('DropStmt' in node && node.DropStmt.behavior === 'DROP_CASCADE') {
      const { removeType } = node.DropStmt;
      const names = droppedNames(node);
      const known = names.filter((name) =>
        removeType === 'OBJECT_INDEX' ? liveIndex(tables.tableOfIndex(name)) : tables.live(name) !== undefined,
      );
      if (!isRelation(removeType)) yield finding('it');
      else if (known.length > 0) yield finding(known.map(({ name }) => quoted(name)).join(', '));
    }
    for (const { table, command } of alterations(subject)) {
      const isDrop = command.subtype === 'AT_DropColumn' || command.subtype === 'AT_DropConstraint';
      if (isDrop && command.behavior === 'DROP_CASCADE')
        yield finding(`${quoted(command.name ?? '')} of ${table.label}`);
    }
  },
};

const relations = /^OBJECT_(?:TABLE|FOREIGN_TABLE|VIEW|MATVIEW|INDEX)$/;

function isRelation(type: string | undefined): boolean {
  return relations.test(type ?? '');
}

function liveIndex(table: unknown): boolean {
  return table !== undefined && table !== 'new';
}

export const dropRules: readonly Rule[] = [dropTable, dropColumn, dropDatabase, cascade];
