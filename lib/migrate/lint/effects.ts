import type { AlterTableCmd, Node, ObjectType, RenameStmt } from 'libpg-query';
import { columnType } from './column-type.js';
import { addedColumn, addedConstraint, constraintsOf, isUnchecked, columnsIn, notNullColumn } from './constraints.js';
import type { LiveTable } from './live-table.js';
import type { LiveTables } from './live-tables.js';
import { nameOfList, nameOfRelation, stringsOf, type Name } from './names.js';
import { searchPathSetBy } from './search-path.js';

const relationTypes = new Set<ObjectType | undefined>([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
]);

/** Brings to `tables` what a statement changes of what the rules ask for. */
export function apply(node: Node, tables: LiveTables): void {
  const created = createdRelation(node);
  if (created !== undefined && tables.find(created) === undefined) tables.create(created);

  if ('IndexStmt' in node) {
    const table = nameOfRelation(node.IndexStmt.relation);
    if (node.IndexStmt.idxname !== undefined && table !== undefined) tables.createIndex(node.IndexStmt.idxname, table);
  } else if ('DropStmt' in node) {
    for (const name of droppedNames(node)) {
      if (node.DropStmt.removeType === 'OBJECT_INDEX') tables.dropIndex(name);
      else if (relationTypes.has(node.DropStmt.removeType)) tables.drop(name);
    }
  } else if ('RenameStmt' in node) {
    rename(node.RenameStmt, tables);
  } else if ('AlterObjectSchemaStmt' in node) {
    const { relation, newschema } = node.AlterObjectSchemaStmt;
    const name = nameOfRelation(relation);
    if (name !== undefined && newschema !== undefined) tables.move(name, { schema: newschema });
  } else if ('AlterTableStmt' in node) {
    const table = tables.liveRelation(node.AlterTableStmt.relation);
    for (const command of node.AlterTableStmt.cmds ?? []) {
      if (table !== undefined && 'AlterTableCmd' in command) alter(table, command.AlterTableCmd);
    }
  } else {
    const path = searchPathSetBy(node);
    if (path !== undefined) tables.setSearchPath(path);
  }
}

/** The names in a DROP; none where what is dropped has more than a name, as a function has. */
export function droppedNames(node: Node): Name[] {
  if (!('DropStmt' in node)) return [];
  return (node.DropStmt.objects ?? []).flatMap((object) => {
    const name = 'List' in object ? nameOfList(object.List.items) : undefined;
    return name === undefined ? [] : [name];
  });
}

function createdRelation(node: Node): Name | undefined {
  if ('CreateStmt' in node) return nameOfRelation(node.CreateStmt.relation);
  if ('CreateForeignTableStmt' in node) return nameOfRelation(node.CreateForeignTableStmt.base?.relation);
  if ('CreateTableAsStmt' in node) return nameOfRelation(node.CreateTableAsStmt.into?.rel);
  if ('SelectStmt' in node) return nameOfRelation(node.SelectStmt.intoClause?.rel);
  if ('ViewStmt' in node) return nameOfRelation(node.ViewStmt.view);
  return undefined;
}

function rename({ renameType, relation, subname, newname }: RenameStmt, tables: LiveTables): void {
  const name = nameOfRelation(relation);
  if (name === undefined || newname === undefined) return;
  if (relationTypes.has(renameType)) return tables.move(name, { name: newname });
  if (renameType === 'OBJECT_INDEX') return tables.renameIndex(name, newname);
  const table = tables.live(name);
  if (table === undefined || subname === undefined) return;
  if (renameType === 'OBJECT_COLUMN') table.renameColumn(subname, newname);
  if (renameType === 'OBJECT_TABCONSTRAINT') table.renameCheck(subname, newname);
}

function alter(table: LiveTable, command: AlterTableCmd): void {
  const { subtype, name, def } = command;
  const constraint = addedConstraint(command);
  const column = addedColumn(command);
  if (constraint !== undefined) {
    const isNotNull = constraint.contype === 'CONSTR_NOTNULL';
    if (!isNotNull && constraint.contype !== 'CONSTR_CHECK') return;
    const notNullOf = isNotNull ? stringsOf(constraint.keys)[0] : notNullColumn(constraint.raw_expr);
    // As the server names it where the migration does not.
    const given = `${table.name}_${notNullOf ?? ''}_${isNotNull ? 'not_null' : 'check'}`;
    table.checks.set(constraint.conname ?? given, {
      notNullOf,
      columns: isNotNull ? [] : columnsIn(constraint.raw_expr),
      isValid: !isUnchecked(constraint),
    });
  } else if (column?.colname !== undefined) {
    if (table.columns.has(column.colname)) return; // IF NOT EXISTS
    table.newColumns.add(column.colname);
    const notNull = constraintsOf(column).some(
      ({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY',
    );
    const type = columnType(column.typeName) ?? { type: '', modifiers: [] };
    table.columns.set(column.colname, { ...type, name: column.colname, notNull, isStored: false });
  } else if (name !== undefined) {
    const known = table.columns.get(name);
    const check = table.checks.get(name);
    if (subtype === 'AT_ValidateConstraint' && check !== undefined) check.isValid = true;
    if (subtype === 'AT_DropConstraint') table.checks.delete(name);
    if (subtype === 'AT_DropColumn') table.columns.delete(name);
    if (subtype === 'AT_DropColumn') table.newColumns.delete(name);
    if (known === undefined) return;
    if (subtype === 'AT_SetNotNull') table.columns.set(name, { ...known, notNull: true });
    if (subtype === 'AT_DropNotNull') table.columns.set(name, { ...known, notNull: false });
    if (subtype === 'AT_AlterColumnType' && def !== undefined && 'ColumnDef' in def) {
      table.columns.set(name, { ...known, ...(columnType(def.ColumnDef.typeName) ?? { type: '', modifiers: [] }) });
    }
  }
}
