import { expect } from 'chai';
import Cursor from 'pg-cursor';
import { ConnectionLostError, ResilientPool } from '../../../lib/index.js';
import type { ResilientPoolOptions } from '../../../lib/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, expectNothingLeft } from '../../support/settle.js';
import { timed } from '../scope/timed.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the life of a connection', () => {
  const application_name = 'lifecycle';
  let server: PostgresServer;
  let pool: ResilientPool | undefined;

  before(async () => {
    server = await sharedPostgres();
  });
  afterEach(async () => {
    await pool?.end();
    pool = undefined;
  });

  function make(options: ResilientPoolOptions = {}): ResilientPool {
    pool = new ResilientPool({ connectionString: server.connectionString, application_name, min: 0, ...options });
    return pool;
  }
  async function pidOf(of: ResilientPool): Promise<number | undefined> {
    return (await of.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
  }
  const backends = async () =>
    (await server.query('select 1 from pg_stat_activity where application_name = $1', [application_name])).length;

  it('opens nothing before the first use', async () => {
    make({ min: 2 });
    await pause(100);
    expect(pool?.totalCount).to.equal(0);
    expect(await backends()).to.equal(0);
  });

  it('warms up to the minimum with the first use, and refills what is lost', async () => {
    const warm = make({ min: 3, max: 5 });
    await warm.query('select 1');
    await eventually(() => warm.idleCount === 3, 5000, 'three connections are there');
    await server.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      application_name,
    ]);
    await eventually(async () => warm.totalCount < 3 || (await backends()) === 0, 5000, 'they are gone');
    await eventually(() => warm.idleCount === 3, 8000, 'three are there again');
  });

  it('warmUp() opens the minimum without a statement', async () => {
    const warm = make({ min: 2 });
    warm.warmUp();
    await eventually(() => warm.idleCount === 2, 5000, 'two connections are there');
  });

  it('retires idle connections above the minimum, the one idle longest first', async () => {
    const busy = make({ min: 1, max: 4, idleTimeoutMillis: 100 });
    const clients = await Promise.all([busy.connect(), busy.connect(), busy.connect(), busy.connect()]);
    for (const client of clients) client.release();
    expect(busy.totalCount).to.equal(4);
    await eventually(() => busy.totalCount === 1, 5000, 'one is left');
    await pause(300);
    expect(busy.totalCount).to.equal(1);
    await eventually(async () => (await backends()) === 1, 5000, 'the server has one left, too');
  });

  it('replaces a connection that is past its lifetime, never one that is borrowed', async () => {
    const shortLived = make({ maxLifetimeSeconds: 0.3, max: 1 });
    const client = await shortLived.connect();
    await pause(500);
    expect((await client.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    expect(shortLived.expiredCount).to.equal(1);
    const before = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    client.release();
    expect(shortLived.totalCount).to.equal(0);
    expect(await pidOf(shortLived)).not.to.equal(before);
  });

  it('closes a connection whose cursor was opened and never read, however soon it was released', async () => {
    const own = make({ max: 1 });
    for (const before of [undefined, 'select pg_sleep(0.1)']) {
      const client = await own.connect();
      if (before !== undefined) void client.query(before);
      client.query(new Cursor('select generate_series(1, 1000)'));
      client.release();
      const { ms } = await timed(() => own.query('select 1'));
      expect(ms, before).to.be.lessThan(4 * 600);
    }
  });

  it('closes a connection after maxUses', async () => {
    const used = make({ maxUses: 2, max: 1 });
    const first = await pidOf(used);
    expect(await pidOf(used)).to.equal(first);
    expect(await pidOf(used)).not.to.equal(first);
  });

  it('pings a connection that was idle for long, and no other', async () => {
    const pinged = make({ max: 1, pingAfterIdleMs: 100 });
    const lastStatement = async () => {
      const [row] = await server.query('select query from pg_stat_activity where application_name = $1', [
        application_name,
      ]);
      return (row as { query: string } | undefined)?.query;
    };
    await pinged.query('select 1');
    (await pinged.connect()).release();
    expect(await lastStatement()).to.equal('select 1');
    await pause(150);
    (await pinged.connect()).release();
    expect(await lastStatement()).to.equal('-- ping');
  });

  it('asks a password function for every connection, so that passwords may rotate', async () => {
    await server.query(`create role rotating login password 'first'`);
    let password = 'first';
    let asked = 0;
    const rotating = make({
      user: 'rotating',
      connectionString: undefined as never,
      host: server.host,
      port: server.port,
      database: server.database,
      max: 2,
      password: () => {
        asked += 1;
        return Promise.resolve(password);
      },
    });
    const first = await rotating.connect();
    await server.query(`alter role rotating password 'second'`);
    password = 'second';
    const second = await rotating.connect();
    expect((await first.query('select current_user as who')).rows).to.deep.equal([{ who: 'rotating' }]);
    expect((await second.query('select current_user as who')).rows).to.deep.equal([{ who: 'rotating' }]);
    expect(asked).to.equal(2);
    first.release();
    second.release();
    await rotating.end();
    await server.query('drop role rotating');
  });

  it('gives up on a password function that never answers', async () => {
    const stuck = make({
      connectionString: undefined as never,
      host: server.host,
      port: server.port,
      user: server.user,
      acquireTimeoutMs: 200,
      password: () => new Promise<string>(() => undefined),
    });
    const error = await stuck.query('select 1').catch((thrown: unknown) => thrown);
    expect((error as { code: string }).code).to.equal('DB_ACQUIRE_TIMEOUT');
    await eventually(() => stuck.totalCount === 0, 2000, 'the attempt is given up');
    await eventually(async () => (await backends()) === 0, 5000, 'its socket is closed');
  });

  it('tells of a password function that throws, without what it threw with', async () => {
    const broken = make({
      connectionString: undefined as never,
      host: server.host,
      port: server.port,
      user: server.user,
      password: () => {
        throw new Error('no token');
      },
    });
    const error = await broken.query('select 1').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect((error as Error).message).to.include('no token');
  });

  it('resetOnRelease: nothing of the session goes to the next borrower, and named statements go on working', async () => {
    const reset = make({ max: 1, resetOnRelease: true });
    const named = { name: 'reset', text: 'select $1::int as n', values: [1] };
    const client = await reset.connect();
    await client.query("set application_name = 'lifecycle'; set work_mem = '5MB'; create temp table t (id int)");
    await client.query(named);
    client.release();
    await eventually(() => reset.idleCount === 1, 5000, 'it has been reset');
    const { rows } = await reset.query("select current_setting('work_mem') as m, to_regclass('t') as t");
    expect(rows).to.deep.equal([{ m: '4MB', t: null }]);
    expect((await reset.query(named)).rows).to.deep.equal([{ n: 1 }]);
    await expectNothingLeft(reset, server, application_name);
  });

  it('without resetOnRelease session state stays, as in pg', async () => {
    const kept = make({ max: 1 });
    await kept.query("set work_mem = '5MB'");
    expect((await kept.query("select current_setting('work_mem') as m")).rows).to.deep.equal([{ m: '5MB' }]);
  });

  it("a 'connect' listener's statements come before the first borrower's", async () => {
    const prepared = make({ max: 1 });
    prepared.on('connect', (client) => void client.query("set work_mem = '6MB'"));
    expect((await prepared.query("select current_setting('work_mem') as m")).rows).to.deep.equal([{ m: '6MB' }]);
  });

  it('a listener that throws costs nobody the connection, and is told to the logger', async () => {
    const told: string[] = [];
    const note = (_fields: object, message: string) => void told.push(message);
    const listened = make({ max: 1, logger: { debug: note, info: note, warn: note, error: note } });
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const) {
      listened.on(event, () => {
        throw new Error('a listener of the application');
      });
    }
    expect((await listened.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await listened.end();
    expect(new Set(told)).to.deep.equal(
      new Set(['connect', 'acquire', 'release', 'remove'].map((e) => `A listener of the pool's '${e}' event threw`)),
    );
  });

  describe('server-side time-outs', () => {
    const shown = async (of: ResilientPool, name: string) =>
      (await of.query<{ v: string }>('select setting as v from pg_settings where name = $1', [name])).rows[0]?.v;

    it('stand a little above our own', async () => {
      const bounded = make({ queryTimeoutMs: 5000, cancelGraceMs: 1000 });
      expect(await shown(bounded, 'statement_timeout')).to.equal('7000');
      expect(await shown(bounded, 'idle_in_transaction_session_timeout')).to.equal('7000');
    });

    it("give way to the user's own", async () => {
      const own = make({ statement_timeout: 1234, idle_in_transaction_session_timeout: 0 });
      expect(await shown(own, 'statement_timeout')).to.equal('1234');
      expect(await shown(own, 'idle_in_transaction_session_timeout')).to.equal('0');
    });

    it('can be switched off', async () => {
      const off = make({ serverTimeouts: false });
      expect(await shown(off, 'statement_timeout')).to.equal('0');
    });

    it('make room for a statement with a longer time-out of its own, and come back afterwards', async () => {
      const longer = make({ max: 1, queryTimeoutMs: 200, cancelGraceMs: 100 });
      const text = "select setting as v, pg_sleep(1.6) from pg_settings where name = 'statement_timeout'";
      const { rows } = await longer.query({ text, query_timeout: 10_000 });
      expect((rows[0] as { v: string }).v).to.equal('11100');
      expect(await shown(longer, 'statement_timeout')).to.equal('1300');
    });
  });
});

describe('what a pool shows of itself', () => {
  it('holds no secret, printed or serialised', async () => {
    const { inspect } = await import('node:util');
    const pool = new ResilientPool({
      connectionString: 'postgres://me:hunter2-secret@localhost/db',
      ssl: { passphrase: 'hunter2-secret', key: 'hunter2-secret' },
      pg: { token: 'hunter2-secret' },
    });
    expect(inspect(pool, { depth: 10 })).not.to.include('hunter2');
    expect(JSON.stringify(pool.options)).not.to.include('hunter2');
    await pool.end();
  });
});
