import pg from 'pg';
import type { Candidate } from './candidates.js';
import type { StatementName, WorkloadName } from './names.js';
import { schema } from './schema.js';
import { createAccounts } from './transfer.js';

const tableRows = 10_000;

/** A statement, and the values it has the n-th time. */
interface Statement {
  readonly text: string;
  readonly values: (n: number) => unknown[];
}

export interface Workload {
  /** Does it for the n-th time. */
  readonly run: (n: number) => Promise<unknown>;
  /** A request of an application: the scope's own creation is spread over so many. */
  readonly perScope: number;
}

const statements: Record<StatementName, Statement> = {
  select: { text: 'select $1::int', values: (n) => [n] },
  read: {
    text: `select id, name, email, created_at from ${schema}.people where id = $1`,
    // A prime step goes through the whole table in no order that a cache would notice.
    values: (n) => [((n * 7919) % tableRows) + 1],
  },
};

export function workloadOf(name: WorkloadName, candidate: Candidate): Workload {
  if (name !== 'transaction') {
    const { text, values } = statements[name];
    return { run: (n) => candidate.query(text, values(n)), perScope: 10 };
  }
  const { transfer } = candidate;
  if (transfer === undefined) throw new Error('This candidate has no transactions');
  return { run: transfer, perScope: 1 };
}

export interface Database extends AsyncDisposable {
  readonly version: string;
  /** What COMMIT waits for, as `fsync = off, synchronous_commit = on`. */
  readonly durability: string;
}

/** Makes the tables; disposed, they are gone. @throws Error where the server admits too few connections */
export async function prepareDatabase(connectionString: string, connections: number): Promise<Database> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; durability: string; free: number }>(
      `select current_setting('server_version') as version,
         format('fsync = %s, synchronous_commit = %s',
           current_setting('fsync'), current_setting('synchronous_commit')) as durability,
         current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as free`,
    );
    const [{ version, durability, free } = { version: '?', durability: '?', free: 0 }] = rows;
    if (free < connections) {
      throw new Error(`The server admits ${String(free)} more connections; ${String(connections)} are needed`);
    }
    await client.query(`drop schema if exists ${schema} cascade;
      create schema ${schema};
      create unlogged table ${schema}.people (
        id int primary key, name text not null, email text not null, created_at timestamptz not null default now());
      insert into ${schema}.people (id, name, email)
        select n, 'Person ' || n, 'person' || n || '@example.org' from generate_series(1, ${String(tableRows)}) n;
      ${createAccounts}`);
    await client.query(`vacuum analyze ${schema}.people, ${schema}.accounts`);
    return { version, durability, [Symbol.asyncDispose]: () => dropSchema(connectionString) };
  } finally {
    await client.end();
  }
}

async function dropSchema(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(`drop schema if exists ${schema} cascade`);
  await client.end();
}
