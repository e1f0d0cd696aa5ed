import type { MigrationStatement } from '../statement.js';
import { namedObjects } from './named-objects.js';
import type { CheckFact, ColumnFact, TableFact, TableFacts, TableKind } from './table-facts.js';

type Row = Readonly<Record<string, unknown>>;
type Query = (text: string, values: unknown[]) => Promise<Row[]>;

const sessionQuery = `
  select pg_catalog.current_setting('server_version_num')::int4 as version,
    pg_catalog.current_schemas(false)::pg_catalog.text[] as path`;

const indexQuery = `
  select n.nspname::text as schema, c.relname::text as name, tn.nspname::text as table_schema, t.relname::text as table_name,
    t.oid::int8::float8 as table_oid
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_index i on i.indexrelid = c.oid
  join pg_catalog.pg_class t on t.oid = i.indrelid
  join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
  where c.relname = any ($1::text[]) and n.nspname = any ($2::text[])`;

// A table that was never analysed has -1 rows, and 0 before PostgreSQL 14: only its size tells whether it is empty.
const tableQuery = `
  select c.oid::int8::float8 as oid, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
    s.rows, s.bytes
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select pg_catalog.sum(greatest(p.reltuples, 0))::float8 as rows,
      coalesce(pg_catalog.sum(pg_catalog.pg_relation_size(p.oid)
        + case p.reltoastrelid when 0 then 0 else pg_catalog.pg_relation_size(p.reltoastrelid) end), 0)::float8 as bytes
    from (
      select c.oid where c.relkind <> 'p'
      union all
      select t.relid from pg_catalog.pg_partition_tree(case c.relkind when 'p' then c.oid end) t
    ) m
    join pg_catalog.pg_class p on p.oid = m.oid
    where p.relkind in ('r', 'm')
  ) s
  where c.relkind in ('r', 'p', 'm', 'v', 'f')
    and (c.relname = any ($1::text[]) and n.nspname = any ($2::text[]) or c.oid = any ($3::oid[]))`;

// From PostgreSQL 18 on a NOT NULL may be NOT VALID, and the column is marked all the same.
const columnQuery = `
  select a.attrelid::int8::float8 as oid, a.attname::text as name,
    case tn.nspname when 'pg_catalog' then t.typname::text else tn.nspname::text || '.' || t.typname::text end as type,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as formatted,
    a.attnotnull and not exists (select from pg_catalog.pg_constraint k where k.conrelid = a.attrelid
      and k.contype = 'n' and k.conkey = array[a.attnum] and not k.convalidated) as not_null,
    a.attgenerated = 's' as stored
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
  join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace
  where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped`;

const checkQuery = `
  select k.conrelid::int8::float8 as oid, k.conname::text as name, k.convalidated as valid,
    array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey))
      as columns,
    (select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = k.conrelid and k.conkey = array[a.attnum]
      and pg_catalog.starts_with(pg_catalog.pg_get_constraintdef(k.oid),
        pg_catalog.format('CHECK ((%I IS NOT NULL))', a.attname))) as not_null_of
  from pg_catalog.pg_constraint k
  where k.conrelid = any ($1::oid[]) and k.contype = 'c'`;

const functionQuery = `
  select n.nspname::text as schema, p.proname::text as name, pg_catalog.bool_or(p.provolatile = 'v') as volatile
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.proname = any ($1::text[]) and n.nspname = any ($2::text[])
  group by 1, 2`;

const domainQuery = `
  select n.nspname::text as schema, t.typname::text as name
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where t.typname = any ($1::text[]) and n.nspname = any ($2::text[]) and t.typtype = 'd'
    and (t.typnotnull or exists (select from pg_catalog.pg_constraint k where k.contypid = t.oid))`;

const kinds: Readonly<Record<string, TableKind>> = {
  r: 'table',
  p: 'partitioned',
  m: 'materialized-view',
  v: 'view',
  f: 'foreign',
};

/**
 * Asks the catalogues what the linter has to know of the tables, indexes and functions that the statements name. It reads no
 * table, and it is for PostgreSQL 13 and later. The size of a table waits for whoever holds it under ACCESS EXCLUSIVE.
 */
export async function readTableFacts(query: Query, statements: readonly MigrationStatement[]): Promise<TableFacts> {
  const named = namedObjects(statements);
  const [session] = await query(sessionQuery, []);
  const searchPath = session?.['path'] as string[];
  const schemas = [...new Set([...searchPath, ...named.schemas])];
  const relations = [...named.relations];

  const indexes = await query(indexQuery, [relations, schemas]);
  const tables = await query(tableQuery, [relations, schemas, indexes.map((row) => row['table_oid'])]);
  const oids = tables.map((row) => row['oid']);
  const columns = await query(columnQuery, [oids]);
  const checks = await query(checkQuery, [oids]);
  const functions = await query(functionQuery, [[...named.functions], [...schemas, 'pg_catalog']]);
  const domains = await query(domainQuery, [[...named.types], schemas]);
  return {
    serverVersion: session?.['version'] as number,
    searchPath,
    tables: tables.map((row) => tableOf(row, columns, checks)),
    indexes: indexes.map((row) => ({
      schema: row['schema'] as string,
      name: row['name'] as string,
      table: { schema: row['table_schema'] as string, name: row['table_name'] as string },
    })),
    functions: functions.map((row) => ({
      schema: row['schema'] as string,
      name: row['name'] as string,
      isVolatile: row['volatile'] as boolean,
    })),
    constrainedDomains: domains.map((row) => ({ schema: row['schema'] as string, name: row['name'] as string })),
  };
}

function tableOf(row: Row, columns: readonly Row[], checks: readonly Row[]): TableFact {
  const bytes = row['bytes'] as number;
  const rows = row['rows'] as number | null;
  const isOfIt = (other: Row) => other['oid'] === row['oid'];
  return {
    schema: row['schema'] as string,
    name: row['name'] as string,
    kind: kinds[row['kind'] as string] ?? 'table',
    rows: bytes === 0 ? 0 : rows === null || rows <= 0 ? null : rows,
    bytes,
    columns: columns.filter(isOfIt).map(columnOf),
    checks: checks.filter(isOfIt).map(checkOf),
  };
}

function columnOf(row: Row): ColumnFact {
  const modifiers = /\(([-\d,]+)\)/.exec(row['formatted'] as string)?.[1];
  return {
    name: row['name'] as string,
    type: row['type'] as string,
    modifiers: modifiers === undefined ? [] : modifiers.split(',').map(Number),
    notNull: row['not_null'] as boolean,
    isStored: row['stored'] as boolean,
  };
}

function checkOf(row: Row): CheckFact {
  return {
    name: row['name'] as string,
    notNullOf: (row['not_null_of'] as string | null) ?? undefined,
    columns: row['columns'] as string[],
    isValid: row['valid'] as boolean,
  };
}
