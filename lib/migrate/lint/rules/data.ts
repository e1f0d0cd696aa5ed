import type { LiveTable } from '../live-table.js';
import type { Rule } from '../rule.js';

const inBatches =
  'Some thousand rows at a time, each batch committed by itself: by a script of its own, or in a migration with ' +
  'transaction:false, one statement a batch, bounded by the key.';

const truncate: Rule = {
  name: 'truncate',
  *find({ node, tables }) {
    if (!('TruncateStmt' in node)) return;
    for (const relation of node.TruncateStmt.relations ?? []) {
      const table = 'RangeVar' in relation ? tables.liveRelation(relation.RangeVar) : undefined;
      if (table?.hasRows !== true) continue;
      const others = node.TruncateStmt.behavior === 'DROP_CASCADE' ? ', and all of the tables that refer to it' : '';
      yield {
        message:
          `TRUNCATE loses all of ${table.description}${others}, under an ACCESS EXCLUSIVE lock; transactions that began before see ` +
          'it empty.',
        safe_way: `Take a backup of it first; DELETE FROM ${table.label} in batches lets others go on.`,
      };
    }
  },
};

const withoutWhere: Rule = {
  name: 'update-or-delete-without-where',
  *find({ node, tables }) {
    if ('UpdateStmt' in node && node.UpdateStmt.whereClause === undefined) {
      const table = tables.liveRelation(node.UpdateStmt.relation);
      // All rows of a small one are no harm.
      if (table?.isBig === true)
        yield finding('UPDATE', table, 'and a dead copy of each stays behind as bloat', inBatches);
    }
    if ('DeleteStmt' in node && node.DeleteStmt.whereClause === undefined) {
      const table = tables.liveRelation(node.DeleteStmt.relation);
      if (table?.hasRows === true)
        yield finding('DELETE', table, 'and all of them are lost', `Take a backup. ${inBatches}`);
    }
  },
};

const underLock: Rule = {
  name: 'write-under-lock',
  *find({ node, tables, held }) {
    const write = 'UpdateStmt' in node ? node.UpdateStmt : 'DeleteStmt' in node ? node.DeleteStmt : undefined;
    const table = tables.liveRelation(write?.relation);
    if (table?.isBig !== true || !held.has(table)) return;
    yield {
      message:
        `An ALTER TABLE before it, in the same transaction, has locked ${table.description} against all others: they wait until ` +
        'this statement, too, is done.',
      safe_way: `Put it in the next migration. ${inBatches}`,
    };
  },
};

function finding(verb: string, table: LiveTable, bloat: string, safe_way: string) {
  return {
    message: `${verb} without WHERE locks every row of ${table.description} in one transaction until it ends, ${bloat}.`,
    safe_way,
  };
}

export const dataRules: readonly Rule[] = [truncate, withoutWhere, underLock];
