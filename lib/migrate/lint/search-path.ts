import type { Node } from 'libpg-query';

/** The schemas of a `SET search_path`; undefined where a statement is none. */
export function searchPathSetBy(node: Node): string[] | undefined {
  if (!('VariableSetStmt' in node)) return undefined;
  const { name, kind, args } = node.VariableSetStmt;
  if (name !== 'search_path' || kind !== 'VAR_SET_VALUE') return undefined;
  return (args ?? []).flatMap((arg) => ('A_Const' in arg ? [arg.A_Const.sval?.sval ?? ''] : []));
}
