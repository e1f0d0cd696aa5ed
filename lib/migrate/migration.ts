/** One way of a migration: up or down. */
export interface MigrationPart {
  /** For people: the file's name in its folder. */
  readonly file: string;
  /** The text between the markers; LF line ends, no BOM, nothing else is changed. */
  readonly text: string;
  /** Where `text` begins in the file; 1 is the first line. */
  readonly firstLine: number;
  /** SHA-256 in hex over `text` without white space at its ends, so that neither CRLF nor a BOM changes it. */
  readonly checksum: string;
  /** Whether it is run in one transaction, with its row of the history. `-- migrate:up transaction:false` says no. */
  readonly transaction: boolean;
  /** `idempotent:true`: after a crash any of its statements may be run again. Of use without a transaction only. */
  readonly idempotent: boolean;
}

/** A migration as its files tell it. */
export interface Migration {
  readonly version: number;
  /** The version as it is written in the file's name: `001`. */
  readonly label: string;
  /** `initial_schema`, of `001_initial_schema.sql`. */
  readonly name: string;
  readonly up: MigrationPart;
  /** Undefined: there is no way back. */
  readonly down: MigrationPart | undefined;
}
