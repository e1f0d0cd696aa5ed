import type { RangeVar } from 'libpg-query';
import { LiveTable } from './live-table.js';
import { nameOfRelation, temporarySchema, type Name } from './names.js';
import type { TableFacts } from './table-facts.js';

/** New: created by one of the statements so far, so that nobody else uses it yet. */
export type Known = LiveTable | 'new';

/** What there is at the moment at which a statement would run: the live database, and what the statements so far changed. */
export class LiveTables {
  readonly #tables = new Map<string, Known>();
  /** The table of each index. */
  readonly #indexes = new Map<string, Known>();
  readonly #facts: TableFacts;
  #searchPath: readonly string[];

  constructor(facts: TableFacts) {
    this.#facts = facts;
    this.#searchPath = facts.searchPath;
    for (const fact of facts.tables) this.#tables.set(keyOf(fact), new LiveTable(fact));
    for (const { table, ...index } of facts.indexes) {
      const of = this.#tables.get(keyOf(table));
      if (of !== undefined) this.#indexes.set(keyOf(index), of);
    }
  }

  /** Undefined puts it back to the session's. */
  setSearchPath(path: readonly string[] | undefined): void {
    this.#searchPath = path ?? this.#facts.searchPath;
  }

  /** The table, where it was there before the migrations; undefined where it is new, or not there at all. */
  live(name: Name | undefined): LiveTable | undefined {
    const known = name === undefined ? undefined : this.find(name);
    return known === 'new' ? undefined : known;
  }

  liveRelation(relation: RangeVar | undefined): LiveTable | undefined {
    return this.live(nameOfRelation(relation));
  }

  find(name: Name): Known | undefined {
    return this.#lookUp(this.#tables, name)?.value;
  }

  create(name: Name): void {
    this.#tables.set(keyOf(this.#placeOf(name)), 'new');
  }

  drop(name: Name): void {
    const found = this.#lookUp(this.#tables, name);
    if (found !== undefined) this.#tables.delete(found.key);
  }

  /** Gives it another name, or another schema. */
  move(name: Name, to: Partial<{ schema: string; name: string }>): void {
    const found = this.#lookUp(this.#tables, name);
    if (found === undefined) return;
    this.#tables.delete(found.key);
    const place = { schema: found.schema, name: name.name, ...to };
    this.#tables.set(keyOf(place), found.value);
    if (found.value !== 'new') Object.assign(found.value, place);
  }

  tableOfIndex(name: Name): Known | undefined {
    return this.#lookUp(this.#indexes, name)?.value;
  }

  /** An index is in the schema of its table. */
  createIndex(index: string, table: Name): void {
    const found = this.#lookUp(this.#tables, table);
    if (found !== undefined) this.#indexes.set(keyOf({ schema: found.schema, name: index }), found.value);
  }

  renameIndex(name: Name, newName: string): void {
    const found = this.#lookUp(this.#indexes, name);
    if (found === undefined) return;
    this.#indexes.delete(found.key);
    this.#indexes.set(keyOf({ schema: found.schema, name: newName }), found.value);
  }

  dropIndex(name: Name): void {
    const found = this.#lookUp(this.#indexes, name);
    if (found !== undefined) this.#indexes.delete(found.key);
  }

  /** An unknown one may be volatile. */
  isVolatile({ schema, name }: Name): boolean {
    const named = this.#facts.functions.filter(
      (known) => known.name === name && (schema === undefined || known.schema === schema),
    );
    return named.length === 0 || named.some((known) => known.isVolatile);
  }

  isConstrainedDomain(type: Name | undefined): boolean {
    return this.#facts.constrainedDomains.some(
      ({ schema, name }) => name === type?.name && (type.schema === undefined || schema === type.schema),
    );
  }

  get serverVersion(): number {
    return this.#facts.serverVersion;
  }

  #placeOf({ schema, name }: Name): { schema: string; name: string } {
    return { schema: schema ?? this.#searchPath[0] ?? 'public', name };
  }

  #lookUp(map: ReadonlyMap<string, Known>, { schema, name }: Name) {
    for (const place of schema === undefined ? [temporarySchema, ...this.#searchPath] : [schema]) {
      const key = keyOf({ schema: place, name });
      const value = map.get(key);
      if (value !== undefined) return { key, schema: place, value };
    }
    return undefined;
  }
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}
