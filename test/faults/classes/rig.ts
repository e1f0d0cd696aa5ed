import { createServer, type Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { Kind, Phase, Retry } from '../../../lib/errors/classify.js';
import type { Outcome } from '../../../lib/errors/errors.js';
import { startFaultProxy, type FaultProxy, type PostgresServer } from '../../../lib/testing/index.js';
import { eventually, settled } from '../../support/settle.js';

/** One way to fail, for real. */
export interface Row {
  name: string;
  /** What says it: a SQLSTATE, a socket's code, or pg's message. */
  told: string | RegExp;
  kind: Kind;
  /** Default: `statement`. */
  phase?: Phase;
  retry?: Retry;
  outcome?: Outcome;
  circuit?: boolean;
  unavailable?: boolean;
  hopeless?: boolean;
  /** The oldest server that can say it. */
  since?: number;
  /** Only with PgBouncer before the server. */
  pooled?: true;
  produce: (rig: Rig) => Promise<unknown>;
}

const longestMs = 10_000;

/** Bare clients of pg on real servers; `close` ends whatever a row has left open. */
export class Rig {
  readonly server: PostgresServer;
  readonly #sockets = new Set<Socket>();
  readonly #proxies: FaultProxy[] = [];
  readonly #servers: Server[] = [];
  readonly #pools: pg.Pool[] = [];
  readonly #endings: (() => Promise<unknown>)[] = [];

  constructor(server: PostgresServer) {
    this.server = server;
  }

  client(config: pg.ClientConfig = {}): pg.Client {
    const client = new pg.Client({
      connectionString: this.server.connectionString,
      stream: () => this.#socket(),
      ...config,
    });
    client.on('error', () => undefined); // what it says comes to the statement, too
    return client;
  }

  async open(config?: pg.ClientConfig): Promise<pg.Client> {
    const client = this.client(config);
    await client.connect();
    return client;
  }

  pool(config: pg.PoolConfig = {}): pg.Pool {
    const { connectionString } = this.server;
    const pool = new pg.Pool({ connectionString, stream: () => this.#socket(), ...config });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.#pools.push(pool);
    return pool;
  }

  async proxy(target: { host: string; port: number } = this.server): Promise<FaultProxy> {
    const proxy = await startFaultProxy({ target });
    this.#proxies.push(proxy);
    return proxy;
  }

  /** A server that does with a socket what it is told; its port. */
  async listen(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  /** The error of a promise; fails where there is none in time. */
  async failure(promise: PromiseLike<unknown>): Promise<Error> {
    const { error } = await settled(promise, longestMs);
    if (error === undefined) throw new Error('it did not fail');
    return error;
  }

  /** The error of the last of several statements of one session. */
  async sql(...statements: string[]): Promise<Error> {
    const client = await this.open();
    const last = statements.pop() ?? '';
    for (const statement of statements) await client.query(statement);
    return this.failure(client.query(last));
  }

  /** A statement that sleeps, once it runs on the server: what comes before that hits an idle session. */
  async sleeping(client: pg.Client): Promise<{ pid: number; failure: Promise<Error> }> {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pid = rows[0]?.pid ?? 0;
    const failure = this.failure(client.query('select pg_sleep(9)'));
    const active = `select 1 from pg_stat_activity where pid = $1 and state = 'active' and query like '%sleep%'`;
    await eventually(async () => (await this.server.query(active, [pid])).length > 0, 5000, 'the statement runs');
    return { pid, failure };
  }

  ending(end: () => Promise<unknown>): void {
    this.#endings.push(end);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    for (const server of this.#servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    for (const proxy of this.#proxies.splice(0)) await proxy.close();
    for (const pool of this.#pools.splice(0)) await settled(pool.ending ? Promise.resolve() : pool.end(), longestMs);
    for (const end of this.#endings.splice(0)) await end();
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket;
  }
}
