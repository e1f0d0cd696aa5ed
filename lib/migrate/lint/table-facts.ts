/** What the linter has to know of the live database. */
export interface TableFacts {
  /** `server_version_num`: 180001 is 18.1. */
  readonly serverVersion: number;
  /** The schemas in which a name without one is looked for; the first is where tables are created. */
  readonly searchPath: readonly string[];
  /** Those that the statements name, and those whose indexes they name. Others may exist as well. */
  readonly tables: readonly TableFact[];
  readonly indexes: readonly IndexFact[];
  /** Those that the statements call. */
  readonly functions: readonly FunctionFact[];
  /** The domains among the types that the statements name that have a constraint. */
  readonly constrainedDomains: readonly { readonly schema: string; readonly name: string }[];
}

export type TableKind = 'table' | 'partitioned' | 'materialized-view' | 'view' | 'foreign';

export interface TableFact {
  readonly schema: string;
  readonly name: string;
  readonly kind: TableKind;
  /** Estimated, its partitions included. Null: the server does not know. */
  readonly rows: number | null;
  /** Of its rows, TOAST and partitions included, without indexes. 0: it is empty. */
  readonly bytes: number;
  readonly columns: readonly ColumnFact[];
  readonly checks: readonly CheckFact[];
}

export interface ColumnFact {
  readonly name: string;
  /** `varchar`, `int4`; with its schema where that is not pg_catalog. */
  readonly type: string;
  /** 10 and 2, of numeric(10,2). */
  readonly modifiers: readonly number[];
  /** Sure for every row: a NOT NULL that is NOT VALID does not count. */
  readonly notNull: boolean;
  readonly isStored: boolean;
}

export interface CheckFact {
  readonly name: string;
  /** The column where the constraint says no more than that it IS NOT NULL. */
  readonly notNullOf: string | undefined;
  /** All that it is about. */
  readonly columns: readonly string[];
  readonly isValid: boolean;
}

export interface IndexFact {
  readonly schema: string;
  readonly name: string;
  readonly table: { readonly schema: string; readonly name: string };
}

export interface FunctionFact {
  readonly schema: string;
  readonly name: string;
  /** Also where only one of those with this name is. */
  readonly isVolatile: boolean;
}
