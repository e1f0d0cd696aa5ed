import pg from 'pg';
import type { WorkloadName } from './names.js';

const schema = 'express_db_resilience_bench';
const tableRows = 10_000;

export interface Workload {
  readonly text: string;
  /** The values of the n-th statement. */
  readonly values: (n: number) => unknown[];
}

export const statements: Record<WorkloadName, Workload> = {
  select: { text: 'select $1::int', values: (n) => [n] },
  read: {
    text: `select id, name, email, created_at from ${schema}.people where id = $1`,
    // A prime step goes through the whole table in no order that a cache would notice.
    values: (n) => [((n * 7919) % tableRows) + 1],
  },
};

/** Makes the table that is read; disposed, it is gone. @throws Error where the server admits too few connections */
export async function prepareDatabase(
  connectionString: string,
  connections: number,
): Promise<AsyncDisposable & { version: string }> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; free: number }>(
      `select current_setting('server_version') as version, current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as free`,
    );
    const [{ version, free } = { version: '?', free: 0 }] = rows;
    if (free < connections) {
      throw new Error(`The server admits ${String(free)} more connections; ${String(connections)} are needed`);
    }
    await client.query(`drop schema if exists ${schema} cascade;
      create schema ${schema};
      create unlogged table ${schema}.people (
        id int primary key, name text not null, email text not null, created_at timestamptz not null default now());
      insert into ${schema}.people (id, name, email)
        select n, 'Person ' || n, 'person' || n || '@example.org' from generate_series(1, ${String(tableRows)}) n`);
    await client.query(`vacuum analyze ${schema}.people`);
    return { version, [Symbol.asyncDispose]: () => dropSchema(connectionString) };
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
