import type { AlterTableType, Node } from 'libpg-query';
import { alterations, type Rule } from '../rule.js';

const repack = 'Use pg_repack or pg_squeeze, which let others read and write, or do it in a maintenance window.';

const vacuumFull: Rule = {
  name: 'vacuum-full',
  *find({ node, tables }) {
    if (!('VacuumStmt' in node)) return;
    const full = (node.VacuumStmt.options ?? []).find(
      (option) => 'DefElem' in option && option.DefElem.defname === 'full',
    );
    if (full === undefined || !('DefElem' in full) || isOff(full.DefElem.arg)) return;
    const named = node.VacuumStmt.rels ?? [];
    const described = named.flatMap((one) => {
      const table = 'VacuumRelation' in one ? tables.liveRelation(one.VacuumRelation.relation) : undefined;
      return table?.hasRows === true ? [table.description] : [];
    });
    if (named.length > 0 && described.length === 0) return;
    const what = named.length === 0 ? 'each table of the database' : described.join(', ');
    yield {
      message: `VACUUM FULL rewrites ${what} under an ACCESS EXCLUSIVE lock: nobody reads or writes it meanwhile.`,
      safe_way: `A plain VACUUM lets others go on, and frees the room for new rows. ${repack}`,
    };
  },
};

function isOff(arg: Node | undefined): boolean {
  if (arg === undefined) return false;
  if ('Integer' in arg) return (arg.Integer.ival ?? 0) === 0;
  return 'String' in arg && /^(?:false|off)$/i.test(arg.String.sval ?? '');
}

const cluster: Rule = {
  name: 'cluster',
  *find({ node, tables }) {
    if (!('ClusterStmt' in node)) return;
    const { relation } = node.ClusterStmt;
    const table = tables.liveRelation(relation);
    if (relation !== undefined && table?.hasRows !== true) return;
    const what = table?.description ?? 'each table that was clustered before';
    yield {
      message: `CLUSTER rewrites ${what} under an ACCESS EXCLUSIVE lock: nobody reads or writes it meanwhile.`,
      safe_way: repack,
    };
  },
};

/** An action of ALTER TABLE that copies the whole table. */
function copying(name: string, words: Partial<Record<AlterTableType, string>>, safe_way: string): Rule {
  return {
    name,
    *find(subject) {
      for (const { table, command } of alterations(subject)) {
        const does = command.subtype === undefined ? undefined : words[command.subtype];
        if (does === undefined || !table.hasRows) continue;
        yield {
          message: `${does} ${table.description} under an ACCESS EXCLUSIVE lock: nobody reads or writes it meanwhile.`,
          safe_way,
        };
      }
    },
  };
}

const logged = copying(
  'set-logged-or-unlogged',
  {
    AT_SetLogged: 'SET LOGGED rewrites, and writes to the WAL,',
    AT_SetUnLogged: 'SET UNLOGGED loses after a crash, and on each standby, and now rewrites',
  },
  '1. CREATE TABLE a new one as it shall be. 2. Have triggers write to both, and copy the old rows in batches. 3. Rename both ' +
    'in one short transaction.',
);

const tablespace = copying(
  'set-tablespace',
  { AT_SetTableSpace: 'SET TABLESPACE copies' },
  'pg_repack --tablespace lets others read and write; an index: REINDEX (CONCURRENTLY, TABLESPACE …). Or do it in a maintenance ' +
    'window.',
);

const accessMethod = copying(
  'set-access-method',
  { AT_SetAccessMethod: 'SET ACCESS METHOD rewrites' },
  '1. CREATE TABLE a new one USING that method. 2. Have triggers write to both, and copy the old rows in batches. 3. Rename ' +
    'both in one short transaction.',
);

const moveAll: Rule = {
  name: 'set-tablespace',
  *find({ node }) {
    if (!('AlterTableMoveAllStmt' in node)) return;
    yield {
      message:
        'ALL IN TABLESPACE copies each table or index of it under an ACCESS EXCLUSIVE lock, all in one transaction.',
      safe_way: 'One at a time: pg_repack --tablespace, or REINDEX (CONCURRENTLY, TABLESPACE …).',
    };
  },
};

export const rewriteRules: readonly Rule[] = [vacuumFull, cluster, logged, tablespace, accessMethod, moveAll];
