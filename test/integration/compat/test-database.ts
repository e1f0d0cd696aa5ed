import { expect } from 'chai';
import type pg from 'pg';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from './eventually.js';

/** An empty database on the shared server, and what the server says of it. */
export interface TestDatabase {
  readonly name: string;
  readonly connectionString: string;
  /** Backends of clients that run a statement or hold a transaction open. */
  busyBackends(): Promise<{ pid: number; state: string; query: string }[]>;
  backends(): Promise<number[]>;
  terminate(pid: number): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const server = await sharedPostgres();
  const name = await server.createDatabase();
  const url = new URL(server.connectionString);
  url.pathname = `/${name}`;
  const ours = "datname = $1 and backend_type = 'client backend' and pid <> pg_backend_pid()";
  return {
    name,
    connectionString: url.href,
    busyBackends: () =>
      server.query(`select pid, state, query from pg_stat_activity where ${ours} and state <> 'idle'`, [name]),
    backends: async () =>
      (await server.query<{ pid: number }>(`select pid from pg_stat_activity where ${ours}`, [name])).map(
        (row) => row.pid,
      ),
    terminate: async (pid) => {
      await server.query('select pg_terminate_backend($1)', [pid]);
    },
  };
}

/** Every connection of the pool is idle in it, nobody waits, and the server sees no work and no transaction. */
export async function expectNothingCheckedOut(pool: pg.Pool, database: TestDatabase): Promise<void> {
  await eventually(async () => {
    expect(pool.waitingCount, 'waiting').to.equal(0);
    expect(pool.totalCount - pool.idleCount, 'connections that are not idle in the pool').to.equal(0);
    expect(await database.busyBackends()).to.deep.equal([]);
  });
}
