import type { Node, RangeVar } from 'libpg-query';

/** A name as it is written: with its schema, or without. */
export interface Name {
  readonly schema: string | undefined;
  readonly name: string;
}

export function nameOfRelation(relation: RangeVar | undefined): Name | undefined {
  if (relation?.relname === undefined) return undefined;
  const schema = relation.relpersistence === 't' ? temporarySchema : relation.schemaname;
  return { schema, name: relation.relname };
}

/** Of a list of identifiers: `b`, `a.b`, and of `db.a.b` the last two. */
export function nameOfList(nodes: readonly Node[] | undefined): Name | undefined {
  const parts = stringsOf(nodes);
  const name = parts.at(-1);
  return name === undefined ? undefined : { schema: parts.at(-2), name };
}

export function stringsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** Whatever the session's own is called, this name stands for it. */
export const temporarySchema = 'pg_temp';

// Appendix C of PostgreSQL's manual: those that cannot be the name of a table or a column without quotes.
const reserved = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation ' +
    'column concurrently constraint create cross current_catalog current_date current_role current_schema current_time ' +
    'current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze ' +
    'from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit ' +
    'localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references ' +
    'returning right select session_user similar some symmetric system_user table tablesample then to trailing true union ' +
    'unique user using variadic verbose when where window with'
  ).split(' '),
);

/** As it has to be written in SQL. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function quotedName({ schema, name }: Name): string {
  return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}
