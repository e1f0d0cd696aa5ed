import type { TypeName } from 'libpg-query';
import { stringsOf } from './names.js';

export interface ColumnType {
  /** `varchar`, `int4`; with its schema where that is not pg_catalog. */
  readonly type: string;
  /** 10 and 2, of numeric(10,2). */
  readonly modifiers: readonly number[];
}

/** Undefined for arrays and for what is given as the type of a column (`%TYPE`). */
export function columnType(typeName: TypeName | undefined): ColumnType | undefined {
  if (typeName === undefined || typeName.arrayBounds !== undefined || typeName.pct_type === true) return undefined;
  const parts = stringsOf(typeName.names);
  const modifiers = (typeName.typmods ?? []).map((node) =>
    'A_Const' in node && node.A_Const.ival !== undefined ? (node.A_Const.ival.ival ?? 0) : NaN,
  );
  return { type: (parts[0] === 'pg_catalog' ? parts.slice(1) : parts).join('.'), modifiers };
}

const limited = new Set(['varchar', 'varbit', 'timestamp', 'timestamptz', 'time', 'timetz']);
const sameBytes = new Set(['varchar text', 'text varchar', 'cidr inet']);

/**
 * Whether PostgreSQL leaves the rows as they are: what was stored is right for the new type too. Not sure: false.
 * See ATColumnChangeRequiresRewrite and the support functions of the length coercions in its source.
 */
export function keepsRows(from: ColumnType, to: ColumnType): boolean {
  if (from.type !== to.type) return to.modifiers.length === 0 && sameBytes.has(`${from.type} ${to.type}`);
  if (from.modifiers.join() === to.modifiers.join()) return true;
  const [before, scaleBefore = 0] = from.modifiers;
  const [after, scaleAfter = 0] = to.modifiers;
  if (from.type === 'numeric') {
    return after === undefined || (before !== undefined && after >= before && scaleAfter === scaleBefore);
  }
  return limited.has(from.type) && (after === undefined || (before !== undefined && after >= before));
}
