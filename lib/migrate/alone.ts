import type { Node } from 'libpg-query';
import type { MigrationSession } from './session.js';
import type { MigrationStatement } from './statement.js';
import { quotedName } from './table-name.js';

/**
 * What there is of the effect of a statement that cannot run in a transaction.
 *
 * - `absent`: nothing; or the statement is one that may be run twice.
 * - `present`: all of it, by this statement or by another.
 * - `finished`: what was left of it to do has been done now.
 * - `busy`: another session is at it.
 */
export type Effect = 'absent' | 'present' | 'finished' | 'busy';

/** Looks, and clears away what an interrupted one has left: an INVALID index, which would make IF NOT EXISTS pass over it. */
export async function effectOf(session: MigrationSession, { node }: MigrationStatement): Promise<Effect> {
  if ('IndexStmt' in node) return effectOfIndex(session, node);
  if ('AlterTableStmt' in node) return effectOfDetach(session, node);
  if ('ReindexStmt' in node) return clearReindex(session, node);
  if ('DropStmt' in node) return (await anyIndexLeft(session, node)) ? 'absent' : 'present';
  const there = (text: string, name: string | undefined) => exists(session, text, name);
  if ('CreatedbStmt' in node) return presentIf(await there(databases, node.CreatedbStmt.dbname));
  if ('DropdbStmt' in node) return presentIf(!(await there(databases, node.DropdbStmt.dbname)));
  if ('CreateTableSpaceStmt' in node)
    return presentIf(await there(tablespaces, node.CreateTableSpaceStmt.tablespacename));
  if ('DropTableSpaceStmt' in node)
    return presentIf(!(await there(tablespaces, node.DropTableSpaceStmt.tablespacename)));
  if ('CreateSubscriptionStmt' in node)
    return presentIf(await there(subscriptions, node.CreateSubscriptionStmt.subname));
  // VACUUM, ALTER SYSTEM and what is declared idempotent: done twice, it leaves the same as done once.
  return 'absent';
}

function presentIf(is: boolean): Effect {
  return is ? 'present' : 'absent';
}

const databases = 'select 1 from pg_catalog.pg_database where datname = $1';
const subscriptions = 'select 1 from pg_catalog.pg_subscription where subname = $1';
const tablespaces = 'select 1 from pg_catalog.pg_tablespace where spcname = $1';

async function exists(session: MigrationSession, text: string, name: string | undefined): Promise<boolean> {
  return (await session.query(text, [name])).length > 0;
}

/** Those that wait for old transactions, and meanwhile stand in the way of no reader and no writer. */
export function isConcurrent({ node }: MigrationStatement): boolean {
  return 'IndexStmt' in node || 'DropStmt' in node || ('ReindexStmt' in node && isConcurrentReindex(node));
}

function isConcurrentReindex({ ReindexStmt: { params = [] } }: Of<'ReindexStmt'>): boolean {
  return params.some((param) => 'DefElem' in param && param.DefElem.defname === 'concurrently');
}

type Of<Name extends string> = Extract<Node, Record<Name, unknown>>;

async function effectOfIndex(
  session: MigrationSession,
  { IndexStmt: { idxname, relation } }: Of<'IndexStmt'>,
): Promise<Effect> {
  const table = qualified([relation?.schemaname, relation?.relname]);
  const [index] = await session.query<{ name: string; valid: string; built: string }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, i.indisvalid::text as valid,
       exists (select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)::text as built
     from pg_catalog.pg_index i
       join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where i.indrelid = pg_catalog.to_regclass($1) and c.relname = $2`,
    [table, idxname],
  );
  if (index === undefined) return 'absent';
  if (index.valid === 'true') return 'present';
  if (index.built === 'true') return 'busy';
  await session.query(`drop index concurrently if exists ${index.name}`);
  return 'absent';
}

async function anyIndexLeft(
  session: MigrationSession,
  { DropStmt: { objects = [] } }: Of<'DropStmt'>,
): Promise<boolean> {
  for (const object of objects) {
    const items = 'List' in object ? (object.List.items ?? []) : [];
    const names = items.map((item) => ('String' in item ? item.String.sval : undefined));
    if (await exists(session, 'select 1 where pg_catalog.to_regclass($1) is not null', qualified(names))) return true;
  }
  return false;
}

/** REINDEX CONCURRENTLY builds `…_ccnew` beside the index, and leaves it, or the old one as `…_ccold`, where it is interrupted. */
async function clearReindex(session: MigrationSession, node: Of<'ReindexStmt'>): Promise<Effect> {
  const { kind, relation, name } = node.ReindexStmt;
  if (!isConcurrentReindex(node)) return 'absent';
  const scope = scopes[kind ?? ''];
  const value = relation === undefined ? name : qualified([relation.schemaname, relation.relname]);
  // Of a whole database, most are of others.
  if (scope === undefined || value === undefined) return 'absent';
  const remains = await session.query<{ name: string }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
     from pg_catalog.pg_index i
       join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$' and pg_catalog.pg_has_role(c.relowner, 'usage')
       and not exists (select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
       and ${scope}`,
    [value],
  );
  for (const index of remains) await session.query(`drop index concurrently if exists ${index.name}`);
  return 'absent';
}

const scopes: Readonly<Record<string, string | undefined>> = {
  REINDEX_OBJECT_TABLE: 'i.indrelid = pg_catalog.to_regclass($1)',
  REINDEX_OBJECT_INDEX:
    'i.indrelid = (select indrelid from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass($1))',
  REINDEX_OBJECT_SCHEMA: 'n.nspname = $1',
};

/** DETACH PARTITION CONCURRENTLY works in two transactions; FINALIZE does the second one. */
async function effectOfDetach(
  session: MigrationSession,
  { AlterTableStmt: { relation, cmds = [] } }: Of<'AlterTableStmt'>,
): Promise<Effect> {
  const [command] = cmds;
  const def = command !== undefined && 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined;
  const name = def !== undefined && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined;
  const table = qualified([relation?.schemaname, relation?.relname]);
  const partition = qualified([name?.schemaname, name?.relname]);
  const [row] = await session.query<{ pending: string }>(
    `select inhdetachpending::text as pending from pg_catalog.pg_inherits
     where inhparent = pg_catalog.to_regclass($1) and inhrelid = pg_catalog.to_regclass($2)`,
    [table, partition],
  );
  if (row === undefined) return 'present';
  if (row.pending !== 'true') return 'absent';
  await session.query(`alter table ${table} detach partition ${partition} finalize`);
  return 'finished';
}

function qualified(names: readonly (string | undefined)[]): string {
  return names
    .filter((name) => name !== undefined && name !== '')
    .map((name) => quotedName(name as string))
    .join('.');
}
