import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  startFaultProxy,
  startPostgres,
  startStandby,
  type FaultProxy,
  type PostgresServer,
} from '../../lib/testing/index.js';
import type { Row } from './checker.js';
import { accounts, openingBalance } from './names.js';

// Neither table keeps a lie from being stored: no unique transfer, no least balance.
const schema = `
create role app login password 'PASSWORD';
create table accounts (id int primary key, balance int not null) with (fillfactor = 50);
insert into accounts select n, ${String(openingBalance)} from generate_series(1, ${String(accounts)}) as n;
create table transfers (id int not null, source int not null, target int not null, amount int not null);
grant select, update on accounts to app;
grant select, insert on transfers to app;`;

const settings = {
  // Until then only a COMMIT writes to the log: what a crash loses are whole transactions, with their ids.
  wal_writer_delay: '10s',
  wal_keep_size: '256MB',
  deadlock_timeout: '100ms',
};
const endsWithinMs = 15_000;

/** What is stored in the end. */
export interface Books {
  readonly rows: readonly Row[];
  readonly balances: ReadonlyMap<number, number>;
}

/** The database of one seed, its standby, and the network before them. */
export class Rig implements AsyncDisposable {
  readonly proxy: FaultProxy;
  /** The server behind the proxy. */
  primary: PostgresServer;
  readonly standby: PostgresServer | undefined;
  readonly #first: PostgresServer;
  readonly #password: string;

  private constructor(first: PostgresServer, standby: PostgresServer | undefined, proxy: FaultProxy, password: string) {
    this.#first = first;
    this.primary = first;
    this.standby = standby;
    this.proxy = proxy;
    this.#password = password;
  }

  static async start({ standby: wanted }: { standby: boolean }): Promise<Rig> {
    const password = randomBytes(16).toString('hex');
    const primary = await startPostgres({ settings });
    let standby: PostgresServer | undefined;
    try {
      await primary.query(schema.replace('PASSWORD', password));
      if (wanted) standby = await startStandby(primary, { synchronous: true });
      return new Rig(primary, standby, await startFaultProxy({ target: primary }), password);
    } catch (error) {
      await Promise.all([primary.stop(), standby?.stop()]);
      throw error;
    }
  }

  /** The application's way to its database: an ordinary role, through the proxy. */
  get connectionString(): string {
    return `postgresql://app:${this.#password}@${this.proxy.host}:${String(this.proxy.port)}/postgres`;
  }

  /** The processes of the application's sessions. */
  async sessions(): Promise<number[]> {
    const rows = await this.primary.query<{ pid: number }>(
      `select pid from pg_stat_activity where usename = 'app' order by pid`,
    );
    return rows.map(({ pid }) => pid);
  }

  /** The standby takes the place of the primary. */
  async promote(): Promise<void> {
    if (this.standby === undefined) throw new Error('There is no standby to be promoted');
    await this.standby.promote();
    this.proxy.retarget(this.standby);
    this.primary = this.standby;
  }

  /** What the primary holds once nobody writes any more. @throws when a session of the application does not end */
  async books(): Promise<Books> {
    for (const until = performance.now() + endsWithinMs; (await this.sessions()).length > 0; await sleep(20)) {
      if (performance.now() > until) throw new Error('Sessions of the application go on after it has left');
    }
    const rows = await this.primary.query<Row>('select id, source, target, amount from transfers');
    const balances = await this.primary.query<{ id: number; balance: number }>('select id, balance from accounts');
    return { rows, balances: new Map(balances.map(({ id, balance }) => [id, balance])) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
    await Promise.all([this.#first.stop(), this.standby?.stop()]);
  }
}
