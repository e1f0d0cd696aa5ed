import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import type { PostgresServer } from '../../lib/testing/index.js';
import { catalogueQueries } from './catalogue-queries.js';

const run = promisify(execFile);

/** The history of migrations, which tells of what became of the schema and is none of it. */
const history = 'db_resilience_migrations';

export interface Compared {
  /** Whether the history of migrations is left out. Default: false. */
  withoutHistory?: boolean;
}

/** All that a database's schema is, by its catalogue, in an order of its own and without OIDs. PostgreSQL 13 to 18. */
export function catalogueOf(connectionString: string, { withoutHistory = false }: Compared = {}): Promise<string> {
  return reading(connectionString, async (client) => {
    const lines: string[] = [];
    for (const [kind, query] of Object.entries(catalogueQueries)) {
      const { rows } = await client.query<{ name: string; detail: string | null }>(query);
      const all = rows.map(({ name, detail }) => `${kind} ${name}: ${detail ?? ''}`).sort();
      lines.push(...all.filter((line) => !withoutHistory || !line.includes(history)));
    }
    return lines.join('\n');
  });
}

/** The tables of a database with all of their rows, in an order of its own. */
export function rowsOf(connectionString: string): Promise<string> {
  return reading(connectionString, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    const lines: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} as t`);
      lines.push(`${name}: ${String(rows.length)} rows`, ...rows.map(({ row }) => `${name} ${row}`).sort());
    }
    return lines.join('\n');
  });
}

/** Schema and data by the server's own pg_dump; undefined where there is none, as with the embedded server. */
export async function dumpOf(
  server: PostgresServer,
  connectionString: string,
  { withoutHistory = false }: Compared = {},
): Promise<string | undefined> {
  if (process.env.TEST_POSTGRES !== 'system') return undefined;
  const url = new URL(connectionString);
  const options = withoutHistory ? [`--exclude-table=*.${history}*`] : [];
  const program = `/usr/lib/postgresql/${String(server.version)}/bin/pg_dump`;
  const { stdout } = await run(program, ['--quote-all-identifiers', ...options, '-d', url.pathname.slice(1)], {
    env: { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: url.password },
    maxBuffer: 64 * 1024 * 1024,
  });
  // Newer ones begin and end with a key that is drawn each time.
  return stdout.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}

/** @throws AssertionError with the lines that are in one of them only. */
export function expectSame(before: string | undefined, after: string | undefined, what: string): void {
  if (before === after) return;
  const [one, other] = [before, after].map((text) => (text ?? '').split('\n'));
  const missing = onlyIn(one ?? [], other ?? []).map((line) => `- ${line}`);
  const added = onlyIn(other ?? [], one ?? []).map((line) => `+ ${line}`);
  const shown = [...missing, ...added];
  expect.fail(`${what}\n${shown.length === 0 ? 'the same lines in another order' : shown.join('\n')}`);
}

function onlyIn(lines: string[], others: string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

async function reading<T>(connectionString: string, read: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query("begin isolation level repeatable read read only; set local search_path = ''");
    return await read(client);
  } finally {
    await client.end();
  }
}
