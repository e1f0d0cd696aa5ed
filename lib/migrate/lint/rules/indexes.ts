import { droppedNames } from '../effects.js';
import { nameOfRelation, quoted, quotedName } from '../names.js';
import type { Rule } from '../rule.js';

const create: Rule = {
  name: 'index-not-concurrently',
  *find({ node, tables }) {
    if (!('IndexStmt' in node) || node.IndexStmt.concurrent === true) return;
    const { relation, idxname, unique } = node.IndexStmt;
    const table = tables.liveRelation(relation);
    if (table?.hasRows !== true) return;
    const kind = unique === true ? 'UNIQUE INDEX' : 'INDEX';
    const index = idxname === undefined ? '' : ` ${quoted(idxname)}`;
    if (table.kind === 'partitioned') {
      // With ONLY it has no rows to read.
      if (relation?.inh !== true) return;
      yield {
        message:
          `CREATE INDEX holds a SHARE lock on ${table.description} and all its partitions until it is built: ` +
          'reads go on, every INSERT, UPDATE and DELETE waits.',
        safe_way:
          `CREATE ${kind}${index} ON ONLY ${table.label} (…); then for each partition CREATE ${kind} CONCURRENTLY, in a ` +
          'migration with transaction:false; then ALTER INDEX … ATTACH PARTITION … for each of them.',
      };
      return;
    }
    yield {
      message:
        `CREATE INDEX holds a SHARE lock on ${table.description} until it is built: reads go on, every INSERT, UPDATE ` +
        'and DELETE waits.',
      safe_way:
        `CREATE ${kind} CONCURRENTLY${index} ON ${table.label} (…), in a migration of its own, marked ` +
        '`-- migrate:up transaction:false`.',
    };
  },
};

const drop: Rule = {
  name: 'drop-index-not-concurrently',
  *find({ node, tables, direction }) {
    if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_INDEX' || node.DropStmt.concurrent === true)
      return;
    for (const name of droppedNames(node)) {
      const table = tables.tableOfIndex(name);
      if (table === undefined || table === 'new' || !table.hasRows) continue;
      if (table.kind === 'partitioned') continue; // there is no other way
      yield {
        message:
          `DROP INDEX takes an ACCESS EXCLUSIVE lock on ${table.description}: it waits for every query that runs on it, ` +
          'and all others wait behind it, readers too.',
        safe_way: `DROP INDEX CONCURRENTLY ${quotedName(name)}, in a migration marked \`-- migrate:${direction} transaction:false\`.`,
      };
    }
  },
};

const ifNotExists: Rule = {
  name: 'concurrently-if-not-exists',
  *find({ node, previous, tables }) {
    if (!('IndexStmt' in node) || node.IndexStmt.concurrent !== true || node.IndexStmt.if_not_exists !== true) return;
    const { idxname } = node.IndexStmt;
    const table = tables.liveRelation(node.IndexStmt.relation);
    if (table === undefined || idxname === undefined) return;
    const droppedBefore = previous === undefined ? [] : droppedNames(previous);
    if (droppedBefore.some(({ name }) => name === idxname)) return;
    const index = quotedName({ schema: table.schema, name: idxname });
    yield {
      message:
        `An interrupted CREATE INDEX CONCURRENTLY leaves ${index} behind, marked INVALID. IF NOT EXISTS takes that for the ` +
        'index, and reports success: no query uses it, and every write pays for it.',
      safe_way:
        `Leave IF NOT EXISTS out: an interrupted migration is resumed by the next \`up\`. Or put DROP INDEX CONCURRENTLY IF ` +
        `EXISTS ${index} right before it.`,
    };
  },
};

const reindex: Rule = {
  name: 'reindex-not-concurrently',
  *find({ node, tables }) {
    if (!('ReindexStmt' in node)) return;
    const { kind, relation, name, params } = node.ReindexStmt;
    if ((params ?? []).some((param) => 'DefElem' in param && param.DefElem.defname === 'concurrently')) return;
    const written = nameOfRelation(relation);
    let what = kind === 'REINDEX_OBJECT_SCHEMA' ? `each table of the schema ${quoted(name ?? '')}` : 'each table';
    if (written !== undefined) {
      const table = kind === 'REINDEX_OBJECT_INDEX' ? tables.tableOfIndex(written) : tables.live(written);
      if (table === undefined || table === 'new' || !table.hasRows) return;
      what = table.description;
    }
    yield {
      message:
        `REINDEX holds a SHARE lock on ${what} and an ACCESS EXCLUSIVE lock on the index until it is built: every write waits, ` +
        'and so do the reads that would use the index.',
      safe_way: 'REINDEX (CONCURRENTLY) …, in a migration of its own with transaction:false.',
    };
  },
};

export const indexRules: readonly Rule[] = [create, drop, ifNotExists, reindex];
