import type { AlterTableCmd, ColumnDef, Constraint, Node } from 'libpg-query';
import { stringsOf } from './names.js';
import { walk } from './walk.js';

/** The constraint that an action adds to a table; not those of a column that it adds. */
export function addedConstraint({ subtype, def }: AlterTableCmd): Constraint | undefined {
  return subtype === 'AT_AddConstraint' && def !== undefined && 'Constraint' in def ? def.Constraint : undefined;
}

export function addedColumn({ subtype, def }: AlterTableCmd): ColumnDef | undefined {
  return subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def ? def.ColumnDef : undefined;
}

export function constraintsOf(column: ColumnDef): Constraint[] {
  return (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

/** The default of a column that is added; undefined where there is none, and for DEFAULT NULL. */
export function defaultOf(column: ColumnDef): Node | undefined {
  const expression = constraintsOf(column).find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
  return expression !== undefined && isNull(expression) ? undefined : expression;
}

function isNull(expression: Node): boolean {
  if ('TypeCast' in expression) return expression.TypeCast.arg !== undefined && isNull(expression.TypeCast.arg);
  return 'A_Const' in expression && expression.A_Const.isnull === true;
}

/** The column of `c IS NOT NULL`, where the expression says no more than that. */
export function notNullColumn(expression: Node | undefined): string | undefined {
  if (expression === undefined || !('NullTest' in expression)) return undefined;
  const { nulltesttype, arg } = expression.NullTest;
  if (nulltesttype !== 'IS_NOT_NULL' || arg === undefined || !('ColumnRef' in arg)) return undefined;
  const last = arg.ColumnRef.fields?.at(-1);
  return last !== undefined && 'String' in last ? last.String.sval : undefined;
}

export function columnsIn(expression: Node | undefined): string[] {
  const columns: string[] = [];
  walk(expression, (object) => {
    const name = stringsOf(object['fields'] as Node[] | undefined).at(-1);
    if (name !== undefined) columns.push(name);
  });
  return columns;
}

/** Added with NOT VALID or NOT ENFORCED: the rows that are there are not looked at. */
export function isUnchecked(constraint: Constraint): boolean {
  return constraint.skip_validation === true;
}
