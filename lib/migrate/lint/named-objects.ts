import type { FuncCall, TypeName } from 'libpg-query';
import type { MigrationStatement } from '../statement.js';
import { nameOfList, nameOfRelation, type Name } from './names.js';
import { searchPathSetBy } from './search-path.js';
import { walk } from './walk.js';

/** What statements name, with no regard to what it is. */
export interface NamedObjects {
  readonly relations: ReadonlySet<string>;
  /** The schemas that are named, before a name or in a search_path. */
  readonly schemas: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

export function namedObjects(statements: readonly MigrationStatement[]): NamedObjects {
  const relations = new Set<string>();
  const schemas = new Set<string>();
  const functions = new Set<string>();
  const types = new Set<string>();
  const add = (names: Set<string>, name: Name | undefined) => {
    if (name === undefined) return;
    names.add(name.name);
    if (name.schema !== undefined) schemas.add(name.schema);
  };
  for (const { node } of statements) {
    for (const schema of searchPathSetBy(node) ?? []) schemas.add(schema);
    if ('DropStmt' in node) {
      for (const object of node.DropStmt.objects ?? [])
        if ('List' in object) add(relations, nameOfList(object.List.items));
    }
    walk(node, (object) => {
      if (typeof object['relname'] === 'string') add(relations, nameOfRelation(object));
      if (Array.isArray(object['funcname'])) add(functions, nameOfList((object as FuncCall).funcname));
      const type = object['typeName'] as TypeName | undefined;
      if (Array.isArray(type?.names)) add(types, nameOfList(type.names));
    });
  }
  return { relations, schemas, functions, types };
}
