import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { MigrationRun } from '../../../lib/migrate/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../../test/support/migrations.js';
import type { PostgresServer } from '../../../lib/testing/index.js';

/** What readers met while a column was added to their table, which somebody else read for long. */
export interface Readers {
  readonly reads: number;
  readonly longestMs: number;
  /** How long the migration took, from its begin. */
  readonly migratedMs: number;
  /** How often it was begun. */
  readonly attempts: number;
  /** How long the long reader read after the migration began. */
  readonly heldMs: number;
}

const connections = 4;
const everyMs = 20;
const migration = 'alter table read add column added int not null default 7;';

/**
 * @param how `up`: with a MigrationManager. `plain`: the statement by itself, without a lock_timeout.
 */
export async function addColumnBesideReaders(
  server: PostgresServer,
  readerMs: number,
  how: 'up' | 'plain',
): Promise<Readers> {
  const database = await emptyDatabase(server);
  await runSql(database, 'create table read (id int primary key, text text)');
  await runSql(database, "insert into read select n, 'row ' || n from generate_series(1, 1000) as n");
  await using folder = await MigrationFolder.make({ '001_add.sql': migration });
  const clients = await Promise.all(Array.from({ length: connections + 1 }, () => connected(database)));
  const [long, ...short] = clients as [pg.Client, ...pg.Client[]];
  const reads = new ShortReads(short);
  try {
    await long.query('begin');
    await long.query('select count(*) from read');
    const begun = performance.now();
    const held = long.query('select pg_sleep($1)', [readerMs / 1000]).then(async () => {
      await long.query('commit');
      return performance.now() - begun;
    });
    reads.begin();
    await sleep(200);
    const started = performance.now();
    const attempts =
      how === 'plain' ? await plainly(database) : attemptsOf(await managerOf(database, folder.directory).up());
    const migratedMs = performance.now() - started;
    const heldMs = await held;
    await sleep(200);
    await reads.end();
    const [row] = await runSql<{ added: string }>(database, 'select sum(added)::text as added from read');
    if (row?.added !== '7000') throw new Error('The column is not there');
    return { reads: reads.count, longestMs: reads.longestMs, migratedMs, attempts, heldMs };
  } finally {
    await reads.end().catch(() => undefined);
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function plainly(database: string): Promise<number> {
  await runSql(database, 'set lock_timeout = 0', migration);
  return 1;
}

function attemptsOf({ steps }: MigrationRun): number {
  return steps.reduce((all, { attempts }) => all + attempts, 0);
}

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

/** One read after another on each connection, and how long the longest took. */
class ShortReads {
  readonly #clients: readonly pg.Client[];
  #loops: Promise<void>[] = [];
  #ended = false;
  count = 0;
  longestMs = 0;

  constructor(clients: readonly pg.Client[]) {
    this.#clients = clients;
  }

  begin(): void {
    this.#loops = this.#clients.map((client) => this.#read(client));
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#loops);
  }

  async #read(client: pg.Client): Promise<void> {
    while (!this.#ended) {
      const asked = performance.now();
      await client.query('select text from read where id = 500');
      this.longestMs = Math.max(this.longestMs, performance.now() - asked);
      this.count += 1;
      await sleep(everyMs);
    }
  }
}
