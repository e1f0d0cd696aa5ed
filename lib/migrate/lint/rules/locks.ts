import type { Rule } from '../rule.js';

/** PostgreSQL's numbers of the modes that hold up writers; the weaker ones let them go on. */
const modes: Readonly<Record<number, string>> = {
  5: 'SHARE',
  6: 'SHARE ROW EXCLUSIVE',
  7: 'EXCLUSIVE',
  8: 'ACCESS EXCLUSIVE',
};

const lockTable: Rule = {
  name: 'lock-table',
  *find({ node, tables }) {
    if (!('LockStmt' in node)) return;
    const { mode = 0, relations } = node.LockStmt;
    const name = modes[mode];
    if (name === undefined) return;
    for (const relation of relations ?? []) {
      const table = 'RangeVar' in relation ? tables.liveRelation(relation.RangeVar) : undefined;
      if (table === undefined) continue;
      yield {
        message:
          `LOCK TABLE holds a ${name} lock on ${table.description} to the end of the migration: every write waits` +
          `${mode === 8 ? ', and every read' : ''}.`,
        safe_way:
          'Leave it out: each statement takes the lock that it needs. Where rows must not change meanwhile, lock those rows by ' +
          'SELECT … FOR UPDATE.',
      };
    }
  },
};

const refresh: Rule = {
  name: 'refresh-materialized-view-not-concurrently',
  *find({ node, tables }) {
    if (!('RefreshMatViewStmt' in node) || node.RefreshMatViewStmt.concurrent === true) return;
    const view = tables.liveRelation(node.RefreshMatViewStmt.relation);
    if (view?.hasRows !== true) return;
    yield {
      message: `REFRESH MATERIALIZED VIEW holds an ACCESS EXCLUSIVE lock on ${view.description} while its query runs: nobody reads it.`,
      safe_way: `REFRESH MATERIALIZED VIEW CONCURRENTLY ${view.label}; it needs a unique index on it, over columns and without WHERE.`,
    };
  },
};

export const lockRules: readonly Rule[] = [lockTable, refresh];
