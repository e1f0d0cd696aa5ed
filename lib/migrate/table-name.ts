/** A table by its schema; both as they are, without quotes. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** NAMEDATALEN less one: the server would cut a longer one off, and two could become the same. */
const LONGEST_BYTES = 63;

/** `name` in the schema public, or `schema.name`; undefined where it is neither. */
export function parseTableName(text: string): TableName | undefined {
  const parts = text.split('.');
  const [first, second] = parts;
  if (first === undefined || parts.length > 2 || !parts.every(isName)) return undefined;
  return second === undefined ? { schema: 'public', name: first } : { schema: first, name: second };
}

/** For people. */
export function shownTable({ schema, name }: TableName): string {
  return `${schema}.${name}`;
}

export function quotedTable({ schema, name }: TableName): string {
  return `${quotedName(schema)}.${quotedName(name)}`;
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function isName(part: string): boolean {
  return part !== '' && !part.includes('\0') && Buffer.byteLength(part) <= LONGEST_BYTES;
}
