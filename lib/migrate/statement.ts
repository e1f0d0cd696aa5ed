import type { Node } from 'libpg-query';

/** One statement of a migration. */
export interface MigrationStatement {
  /** As it stands in the file, from its first word to its last, without the semicolon. */
  readonly text: string;
  /** In the file; 1 is the first. */
  readonly line: number;
  readonly column: number;
  /** What it is, for people, and nothing of its content: `ALTER TABLE`, `CREATE INDEX CONCURRENTLY`. */
  readonly tag: string;
  /** PostgreSQL's own parse tree of it. */
  readonly node: Node;
}
