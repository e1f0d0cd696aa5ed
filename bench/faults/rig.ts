import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startFaultProxy, startPostgres, type FaultProxy, type PostgresServer } from '../../lib/testing/index.js';
import { isAnswered } from './is-answered.js';

const schema = `
create role app login password 'PASSWORD';
create role other login password 'PASSWORD';
create table items (id int primary key, payload text not null);
insert into items select n, repeat('x', 100) from generate_series(1, 1000) as n;
create table writes (id int primary key);
grant select, insert, update on items, writes to app;
analyze;`;

/** What the application's sessions do on the server. */
export interface Outside {
  readonly active: number;
  readonly transactions: number;
  readonly locks: number;
}

/** The database of a run, and the network before it, both made to fail. */
export class Rig implements AsyncDisposable {
  readonly server: PostgresServer;
  readonly proxy: FaultProxy;
  readonly #password: string;

  private constructor(server: PostgresServer, proxy: FaultProxy, password: string) {
    this.server = server;
    this.proxy = proxy;
    this.#password = password;
  }

  static async start({ maxConnections = 100 } = {}): Promise<Rig> {
    const password = randomBytes(16).toString('hex');
    const server = await startPostgres({ maxConnections });
    try {
      await server.query(schema.replaceAll('PASSWORD', password));
      return new Rig(server, await startFaultProxy({ target: server }), password);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The application's way to its database: an ordinary role, through the proxy. */
  get connectionString(): string {
    return `postgresql://app:${this.#password}@${this.proxy.host}:${String(this.proxy.port)}/postgres`;
  }

  /** Opens a session of somebody else, straight to the server. */
  async openOther(): Promise<pg.Client> {
    const { host, port } = this.server;
    const client = new pg.Client({ host, port, user: 'other', password: this.#password, database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Opens a session of the administrator, straight to the server. */
  async openWitness(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.server.connectionString });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** The moment at which somebody else can connect through the proxy and is answered. */
  async healedAt(withinMs: number): Promise<number> {
    const { host, port } = this.proxy;
    const login = { host, port, user: 'other', password: this.#password, database: 'postgres' };
    const until = performance.now() + withinMs;
    for (;;) {
      try {
        await isAnswered(login);
        return performance.now();
      } catch (error) {
        if (performance.now() > until) {
          throw new Error(`The database does not answer ${String(withinMs)} ms after the fault`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async lookOutside(client?: pg.Client): Promise<Outside> {
    const text = `
      select count(*) filter (where state = 'active')::int as active,
        count(*) filter (where xact_start is not null and state <> 'active')::int as transactions,
        (select count(*)::int from pg_locks join pg_stat_activity using (pid)
         where usename = 'app' and locktype <> 'virtualxid') as locks
      from pg_stat_activity where usename = 'app'`;
    const rows =
      client === undefined ? await this.server.query<Outside>(text) : (await client.query<Outside>(text)).rows;
    if (rows[0] === undefined) throw new Error('The server did not say what the application does');
    return rows[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
    await this.server.stop();
  }
}
