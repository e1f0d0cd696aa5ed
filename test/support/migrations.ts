import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { MigrationManager, type MigrationOptions } from '../../lib/migrate/index.js';
import type { PostgresServer } from '../../lib/testing/index.js';

export type MigrationFiles = Readonly<Record<string, string | Buffer>>;

/** A folder of migrations that a test may change. */
export class MigrationFolder implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  static async make(files: MigrationFiles): Promise<MigrationFolder> {
    const folder = new MigrationFolder(await mkdtemp(join(tmpdir(), 'migrations-')));
    await folder.write(files);
    return folder;
  }

  async write(files: MigrationFiles): Promise<void> {
    for (const [name, content] of Object.entries(files)) await writeFile(join(this.directory, name), content);
  }

  async remove(...names: string[]): Promise<void> {
    for (const name of names) await rm(join(this.directory, name));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}

/** A manager of that database; it opens no pool. */
export function managerOf(
  connectionString: string,
  directory: string,
  options: Partial<MigrationOptions> = {},
): MigrationManager {
  return new MigrationManager(new pg.Pool({ connectionString }), { directory, ...options });
}

/** The connection string of an empty database. */
export async function emptyDatabase(server: PostgresServer): Promise<string> {
  const url = new URL(server.connectionString);
  url.pathname = `/${await server.createDatabase()}`;
  return url.href;
}

/** Runs statements, by themselves where they are several arguments. */
export async function runSql<Row extends object>(connectionString: string, ...statements: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const statement of statements) ({ rows } = await client.query<Row>(statement));
    return rows;
  } finally {
    await client.end();
  }
}
