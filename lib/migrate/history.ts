import { hostname, userInfo } from 'node:os';
import { sqlstate } from '../errors/classify.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { version as packageVersion } from '../metrics/version.js';
import type { MigrationDirection } from './reports.js';
import type { MigrationSession } from './session.js';
import { quotedName, quotedTable, shownTable } from './table-name.js';
import type { TableName } from './table-name.js';

/**
 * - `done`: it was run to its end.
 * - `unfinished`: begun without a transaction; `statementsDone` of its statements have taken effect.
 * - `marked`: somebody said so, by `repair`.
 */
export type HistoryOutcome = 'done' | 'unfinished' | 'marked';

/** A row of the history: something that changed the database. */
export interface HistoryRow {
  readonly id: number;
  readonly version: number;
  readonly label: string;
  readonly name: string;
  readonly direction: MigrationDirection;
  readonly outcome: HistoryOutcome;
  /** Of the way up. */
  readonly checksum: string;
  readonly statements: number;
  readonly statementsDone: number;
  /** SHA-256 over the statements that are done; null where all of them are. */
  readonly doneChecksum: string | null;
  /** Of an unfinished one: whether its next statement was sent, and nothing is known of the answer. */
  readonly isInDoubt: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly databaseUser: string;
  readonly operator: string;
}

/** What a new row says; the rest is the same for all. */
export type NewRow = Pick<
  HistoryRow,
  'version' | 'label' | 'name' | 'direction' | 'outcome' | 'checksum' | 'statements' | 'statementsDone' | 'durationMs'
>;

const columns =
  `id::text as id, version::text as version, label, name, direction, outcome, checksum, statements::text as statements, ` +
  `statements_done::text as "statementsDone", done_checksum as "doneChecksum", in_doubt::text as "isInDoubt", ` +
  `pg_catalog.to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "startedAt", ` +
  `duration_ms::text as "durationMs", database_user as "databaseUser", operator`;

/** The table that tells which migrations were applied, when and by whom. Rows are added, never taken away. */
export class History {
  readonly #session: MigrationSession;
  readonly #table: TableName;
  readonly #quoted: string;
  #lastAdded = 0;

  constructor(session: MigrationSession, table: TableName) {
    this.#session = session;
    this.#table = table;
    this.#quoted = quotedTable(table);
  }

  /** The id of the row that this process has added last; 0 where there is none. */
  get lastAdded(): number {
    return this.#lastAdded;
  }

  /** In the order in which they came; empty where there is no history yet. */
  async rows(): Promise<HistoryRow[]> {
    if (!(await this.exists())) return [];
    return this.#asHistory(async () => {
      const rows = await this.#session.query<Record<string, string>>(
        `select ${columns} from ${this.#quoted} order by ${this.#quoted}.id`,
      );
      return rows.map(
        ({ id, version, statements, statementsDone, isInDoubt, durationMs, ...rest }) =>
          ({
            ...rest,
            id: Number(id),
            version: Number(version),
            statements: Number(statements),
            statementsDone: Number(statementsDone),
            isInDoubt: isInDoubt === 'true',
            durationMs: Number(durationMs),
          }) as HistoryRow,
      );
    });
  }

  async exists(): Promise<boolean> {
    const [row] = await this.#session.query<{ is: string }>(
      'select (pg_catalog.to_regclass($1) is not null)::text as "is"',
      [this.#quoted],
    );
    return row?.is === 'true';
  }

  /** Under the lock: IF NOT EXISTS is no protection from another who creates it at the same time. */
  async create(): Promise<void> {
    const { schema } = this.#table;
    const [row] = await this.#session.query<{ is: string }>(
      'select (pg_catalog.to_regnamespace($1) is not null)::text as "is"',
      [quotedName(schema)],
    );
    // Of statements in one text, all take effect or none.
    const text =
      (row?.is === 'true' ? '' : `create schema ${quotedName(schema)}; `) +
      `create table ${this.#quoted} (
  id bigint generated always as identity primary key,
  version bigint not null,
  label text not null,
  name text not null,
  direction text not null check (direction in ('up', 'down')),
  outcome text not null check (outcome in ('done', 'unfinished', 'marked')),
  checksum text not null,
  statements integer not null,
  statements_done integer not null,
  done_checksum text,
  in_doubt boolean not null default false,
  started_at timestamptz not null,
  duration_ms bigint not null,
  database_user text not null,
  operator text not null,
  package_version text not null
);
comment on table ${this.#quoted} is 'Which migrations were applied, when and by whom; express-db-resilience'`;
    await this.#asHistory(() => this.#session.query(text));
  }

  /**
   * Within a transaction: nobody else can write it until the end, even if the lock of the session is worth nothing.
   *
   * @param lastId of the rows that were read under that lock
   * @throws MigrationRefusedError where somebody has written since
   */
  async guard(lastId: number): Promise<void> {
    await this.#asHistory(() => this.#session.query(`lock table ${this.#quoted} in share row exclusive mode`));
    const [row] = await this.#session.query<{ last: string }>(
      `select coalesce(pg_catalog.max(id), 0)::text as last from ${this.#quoted}`,
    );
    if (Number(row?.last) === lastId) return;
    throw new MigrationRefusedError(
      'pooler',
      `Another process has written ${shownTable(this.#table)} although this one has the lock: a pooler between them and the ` +
        'server shares its connections out. Give migrationUrl (--url, MIGRATION_URL) a direct connection to the server',
    );
  }

  /** @returns its id */
  async add(row: NewRow): Promise<number> {
    const [added] = await this.#session.query<{ id: string }>(
      `insert into ${this.#quoted} (version, label, name, direction, outcome, checksum, statements, statements_done,
         started_at, duration_ms, database_user, operator, package_version)
       values ($1, $2, $3, $4, $5, $6, $7, $8,
         pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $9::double precision / 1000), $9::bigint,
         session_user, $10, $11)
       returning id::text as id`,
      [
        row.version,
        row.label,
        row.name,
        row.direction,
        row.outcome,
        row.checksum,
        row.statements,
        row.statementsDone,
        Math.round(row.durationMs),
        operator(),
        packageVersion,
      ],
    );
    this.#lastAdded = Number(added?.id);
    return this.#lastAdded;
  }

  /** How far an unfinished one has come. */
  async advance(id: number, done: number, of: number, doneChecksum: string): Promise<void> {
    await this.#session.query(
      `update ${this.#quoted} set statements_done = $2, statements = $3, done_checksum = $4, in_doubt = false where id = $1`,
      [id, done, of, doneChecksum],
    );
  }

  /** Before the next statement of an unfinished one is sent, and when the server has refused it. */
  async doubt(id: number, isInDoubt: boolean): Promise<void> {
    await this.#session.query(`update ${this.#quoted} set in_doubt = $2 where id = $1`, [id, isInDoubt]);
  }

  async finish(id: number, { checksum, statements, durationMs }: NewRow): Promise<void> {
    await this.#session.query(
      `update ${this.#quoted} set outcome = 'done', checksum = $2, statements = $3, statements_done = $3,
         done_checksum = null, duration_ms = $4 where id = $1`,
      [id, checksum, statements, Math.round(durationMs)],
    );
  }

  async #asHistory<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const table = shownTable(this.#table);
      const advice = advices[sqlstate(error) ?? '']?.(table, this.#table.schema);
      throw advice === undefined ? error : new MigrationRefusedError('history', advice, {}, error);
    }
  }
}

const advices: Readonly<Record<string, ((table: string, schema: string) => string) | undefined>> = {
  '42703': (table) => `${table} is there, and is no history of this package. Name another one by table (--table)`,
  '42501': (table, schema) =>
    `The role lacks a right on ${table}. It has to be its owner; where it is not there yet, the role needs CREATE on the ` +
    `schema ${schema} (on the database, where that is not there either), or another schema by table (--table)`,
};

/** Who runs this process. */
function operator(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container, a user of no name.
    return `uid ${String(process.getuid?.() ?? '?')}`;
  }
}
