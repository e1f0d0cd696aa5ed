import { quotedName } from './names.js';
import type { ColumnFact, TableFact, TableKind } from './table-facts.js';

/**
 * From here on a table is big: a scan or a rewrite under a lock is then no longer over before anybody notices. On a busy
 * server that is some 100 ms, of the 500 ms that others are made to wait for a lock.
 */
const BIG = { rows: 10_000, bytes: 10_000_000 };

/** A check or a NOT NULL as far as it is known. */
export interface LiveCheck {
  notNullOf: string | undefined;
  columns: readonly string[];
  isValid: boolean;
}

/** A table that was there before the migrations, as the statements so far have left it. */
export class LiveTable {
  schema: string;
  name: string;
  readonly kind: TableKind;
  readonly columns = new Map<string, ColumnFact>();
  /** Those that the statements so far added: nothing uses them yet. */
  readonly newColumns = new Set<string>();
  readonly checks = new Map<string, LiveCheck>();
  readonly #rows: number | null;
  readonly #bytes: number;

  constructor(fact: TableFact) {
    this.schema = fact.schema;
    this.name = fact.name;
    this.kind = fact.kind;
    this.#rows = fact.rows;
    this.#bytes = fact.bytes;
    for (const column of fact.columns) this.columns.set(column.name, column);
    for (const { name, ...check } of fact.checks) this.checks.set(name, check);
  }

  get hasRows(): boolean {
    return this.#bytes > 0;
  }

  get isBig(): boolean {
    return this.#bytes >= BIG.bytes || (this.#rows ?? 0) >= BIG.rows;
  }

  /** As it is written in SQL. */
  get label(): string {
    return quotedName(this);
  }

  /** For people: `app.orders (about 12,000 rows, 1.5 MB)`. */
  get description(): string {
    const rows = this.#rows === null ? [] : [`about ${Math.round(this.#rows).toLocaleString('en-US')} rows`];
    return `${this.label} (${[...rows, bytesInWords(this.#bytes)].join(', ')})`;
  }

  /** Whether every row is known to have a value there. */
  isNotNull(column: string): boolean {
    if (this.columns.get(column)?.notNull === true) return true;
    return [...this.checks.values()].some((check) => check.notNullOf === column && check.isValid);
  }

  /** Whether a check is about it, which is tried anew on all rows where its type changes. */
  isInCheck(column: string): boolean {
    return [...this.checks.values()].some((check) => check.isValid && check.columns.includes(column));
  }

  /** Whether it was there before the migrations. */
  hasLiveColumn(name: string): boolean {
    return this.columns.has(name) && !this.newColumns.has(name);
  }

  renameColumn(name: string, newName: string): void {
    const column = this.columns.get(name);
    if (column !== undefined) this.columns.set(newName, { ...column, name: newName });
    this.columns.delete(name);
    if (this.newColumns.delete(name)) this.newColumns.add(newName);
    for (const check of this.checks.values()) {
      if (check.notNullOf === name) check.notNullOf = newName;
      check.columns = check.columns.map((column) => (column === name ? newName : column));
    }
  }

  renameCheck(name: string, newName: string): void {
    const check = this.checks.get(name);
    if (check !== undefined) this.checks.set(newName, check);
    this.checks.delete(name);
  }
}

function bytesInWords(bytes: number): string {
  if (bytes < 1e6) return `${String(Math.ceil(bytes / 1e3))} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
