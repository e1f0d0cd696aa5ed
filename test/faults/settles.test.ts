import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import {
  AcquireTimeoutError,
  ConnectionLostError,
  QueryTimeoutError,
  ShuttingDownError,
  withTimeout,
} from '../../lib/index.js';
import { ResilientPool } from '../../lib/pool/resilient-pool.js';
import { startFaultProxy, startPostgres } from '../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../lib/testing/index.js';
import { eventually, expectNothingLeft, settled } from '../support/settle.js';

const acquireTimeoutMs = 1500;
const queryTimeoutMs = 300;
// The time-out itself, the 250 ms in which a cancel may be confirmed, and fourfold slack for a slow machine.
const within = (timeoutMs: number) => (timeoutMs + 250) * 4;

describe('each fault settles within its time-out, with its own error, and leaves nothing behind', () => {
  const application_name = 'settles';
  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;

  before(async () => {
    server = await startPostgres();
  });
  after(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    proxy = await startFaultProxy({ target: server });
    pool = makePool(proxy.connectionString(server));
  });
  afterEach(async () => {
    await proxy.pass();
    await settled(pool.end(), 5000);
    expect(pool.totalCount).to.equal(0);
    await proxy.close();
  });

  function makePool(connectionString: string): ResilientPool {
    return new ResilientPool({
      connectionString,
      application_name,
      max: 2,
      min: 0,
      acquireTimeoutMs,
      queryTimeoutMs,
      cancelGraceMs: 300,
      pingAfterIdleMs: 100,
      pingTimeoutMs: 150,
      drainTimeoutMs: 300,
      // It would tell of the fault sooner, and in its own words.
      circuit: false,
    });
  }

  const sleeping = () => eventually(async () => (await active()) > 0, 5000, 'the statement has reached the server');
  const active = async () => {
    const rows = await server.query(`select 1 from pg_stat_activity where application_name = $1 and state = 'active'`, [
      application_name,
    ]);
    return rows.length;
  };

  describe('a black hole', () => {
    it('under a running statement: QueryTimeoutError, unknown; works again when healed', async () => {
      await pool.query('select 1');
      const running = settled(pool.query('select pg_sleep(60)'), 10_000);
      await sleeping();
      proxy.blackHole();
      const { error, ms } = await running;
      expect(error).to.be.instanceOf(QueryTimeoutError);
      expect(error?.outcome).to.equal('unknown');
      expect(ms).to.be.within(queryTimeoutMs, within(queryTimeoutMs));
      await eventually(() => pool.totalCount === 0, 3000, 'the dead connection is closed');
      await proxy.pass();
      expect((await pool.query('select 2 as two')).rows).to.deep.equal([{ two: 2 }]);
      // The server did not hear of any of this: its own time-out is what ends the statement there.
      await expectNothingLeft(pool, server, application_name);
    });

    it('under an idle connection: it is noticed by its ping, and the caller gets another or is told in time', async () => {
      await pool.query('select 1');
      await new Promise((resolve) => setTimeout(resolve, 150));
      proxy.blackHole();
      const { error } = await settled(pool.query('select 1'), within(acquireTimeoutMs));
      expect(error).to.be.instanceOf(AcquireTimeoutError);
      await proxy.pass();
      await pool.query('select 1');
      await expectNothingLeft(pool, server, application_name);
    });

    it('under an idle connection that heals meanwhile: the statement succeeds on a new one', async () => {
      await pool.query('select 1');
      await new Promise((resolve) => setTimeout(resolve, 150));
      proxy.blackHole();
      const asked = settled(pool.query('select 1'), within(acquireTimeoutMs));
      await new Promise((resolve) => setTimeout(resolve, 30));
      await proxy.pass();
      const { error } = await asked;
      expect(error).to.equal(undefined);
    });

    it('while connecting: AcquireTimeoutError that says connections are being opened, one more after a second', async () => {
      proxy.blackHole();
      const { error } = await settled(pool.connect(), within(acquireTimeoutMs));
      expect(error).to.be.instanceOf(AcquireTimeoutError);
      expect((error as AcquireTimeoutError).counts.connecting).to.equal(2);
      expect(error?.message).to.match(
        /^Pool "primary": no connection within \d+ ms \(total=1\/2, .*connecting=2, waiting=1\)$/,
      );
      await eventually(() => pool.totalCount === 0, 2000, 'the attempt is given up');
    });
  });

  describe('a frozen server', () => {
    afterEach(() => server.resume());

    it('under a running statement: QueryTimeoutError, unknown, and the statement does not outlive the thaw', async () => {
      await pool.query('select 1');
      const running = settled(pool.query('select pg_sleep(60)'), 10_000);
      await sleeping();
      await server.freeze();
      const { error, ms } = await running;
      expect(error).to.be.instanceOf(QueryTimeoutError);
      expect(error?.outcome).to.equal('unknown');
      expect(ms).to.be.within(queryTimeoutMs, within(queryTimeoutMs));
      await eventually(() => pool.totalCount === 0, 3000, 'the frozen connection is closed');
      await server.resume();
      await pool.query('select 1');
      await expectNothingLeft(pool, server, application_name);
    });

    it('for one that wants to connect: AcquireTimeoutError', async () => {
      await server.freeze();
      const { error } = await settled(pool.query('select 1'), within(acquireTimeoutMs));
      expect(error).to.be.instanceOf(AcquireTimeoutError);
      await server.resume();
      await expectNothingLeft(pool, server, application_name);
    });

    it('end() does not wait for it', async () => {
      const client = await pool.connect();
      const running = settled(client.query('select pg_sleep(60)'), 10_000);
      await server.freeze();
      await settled(pool.end(), 4 * (300 + 300));
      expect(pool.totalCount).to.equal(0);
      expect((await running).error).to.be.instanceOf(Error);
      await server.resume();
    });
  });

  it('a server that accepts and never answers: AcquireTimeoutError, and the socket is closed', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket);
      socket
        .on('close', () => sockets.delete(socket))
        .on('error', () => undefined)
        .resume();
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const muted = makePool(`postgres://u:p@127.0.0.1:${String(port)}/db`);
    const { error } = await settled(muted.query('select 1'), within(acquireTimeoutMs));
    expect(error).to.be.instanceOf(AcquireTimeoutError);
    await eventually(() => sockets.size === 0, 2000, 'its socket is closed');
    await settled(muted.end(), 2000);
    await new Promise((resolve) => mute.close(resolve));
  });

  it('a server that dies in mid-result: ConnectionLostError, unknown', async () => {
    await pool.query('select 1');
    proxy.cutAfter({ bytes: 100_000, direction: 'toClient' });
    const { error } = await settled(pool.query("select repeat('x', 1000) from generate_series(1, 100000)"), 10_000);
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error?.outcome).to.equal('unknown');
    await expectNothingLeft(pool, server, application_name);
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
  });

  it('a refused connection: ConnectionLostError at once, not executed, with the reason', async () => {
    await proxy.refuse();
    const { error, ms } = await settled(pool.query('select 1'), within(acquireTimeoutMs));
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error?.outcome).to.equal('not-executed');
    expect(error?.message).to.include('ECONNREFUSED');
    expect(ms).to.be.lessThan(acquireTimeoutMs);
    expect(pool.lastConnectError).to.equal(error);
  });

  it('a hundred who wait for a pool that is refused: each is told, nobody waits for its time-out', async () => {
    await proxy.refuse();
    const all = await settled(Promise.allSettled(Array.from({ length: 100 }, () => pool.query('select 1'))), 4000);
    for (const one of all.value ?? []) {
      expect(one.status).to.equal('rejected');
      expect((one as PromiseRejectedResult).reason).to.be.instanceOf(ConnectionLostError);
    }
    expect(pool.totalCount).to.equal(0);
  });

  it('a connection that is reset under a statement: ConnectionLostError, unknown; the next one works', async () => {
    await pool.query('select 1');
    const running = settled(pool.query('select pg_sleep(60)'), 10_000);
    await sleeping();
    proxy.reset();
    const { error } = await running;
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error?.outcome).to.equal('unknown');
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await expectNothingLeft(pool, server, application_name);
  });

  it('a connection that is reset under a borrower: the next statement fails, release() is harmless', async () => {
    const client = await pool.connect();
    await client.query('begin');
    proxy.reset();
    await eventually(() => pool.totalCount === 0, 2000, 'the connection is found dead');
    const { error } = await settled(client.query('select 1'), 1000);
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error?.outcome).to.equal('not-executed');
    client.release();
    await pool.query('select 1');
    await expectNothingLeft(pool, server, application_name);
  });

  it('a backend that is terminated under a statement: 57P01 as the database said it', async () => {
    await pool.query('select 1');
    const running = settled(pool.query('select pg_sleep(60)'), 10_000);
    await sleeping();
    await server.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      application_name,
    ]);
    const { error } = await running;
    expect(error?.code).to.equal('57P01');
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
  });

  describe('a hundred waiters on a pool of two', () => {
    it('are all served where the connections come back', async () => {
      const rows = await Promise.all(
        Array.from(
          { length: 100 },
          async (_, i) => (await pool.query<{ i: number }>('select $1::int as i', [i])).rows[0]?.i,
        ),
      );
      expect(rows).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
      expect(pool.totalCount).to.be.at.most(2);
    });

    it('are all told the pool, the time and the numbers where they do not; later callers are served', async () => {
      const borrowed = [await pool.connect(), await pool.connect()];
      const all = await settled(
        Promise.allSettled(Array.from({ length: 100 }, () => pool.query('select 1'))),
        within(acquireTimeoutMs),
      );
      const reasons = (all.value ?? []).map((one) => (one as PromiseRejectedResult).reason as AcquireTimeoutError);
      expect(reasons).to.have.length(100);
      for (const error of reasons) {
        expect(error).to.be.instanceOf(AcquireTimeoutError);
        expect(error.outcome).to.equal('not-executed');
        expect(error.pool).to.equal('primary');
        expect(error.waitedMs).to.be.at.least(acquireTimeoutMs - 1);
        expect(error.counts).to.include({ total: 2, active: 2, idle: 0, max: 2 });
      }
      expect(reasons[0]?.counts.waiting).to.equal(100);
      for (const client of borrowed) client.release();
      await pool.query('select 1');
      await expectNothingLeft(pool, server, application_name);
    });

    it('are told at once when the pool is closed', async () => {
      const borrowed = [await pool.connect(), await pool.connect()];
      const waiting = Array.from({ length: 100 }, () => pool.query('select 1'));
      const ended = pool.end();
      const all = await settled(Promise.allSettled(waiting), acquireTimeoutMs / 2);
      for (const one of all.value ?? []) {
        expect((one as PromiseRejectedResult).reason).to.be.instanceOf(ShuttingDownError);
      }
      for (const client of borrowed) client.release();
      await settled(ended, 2000);
    });
  });

  it('a double release throws, and the client serves one caller at a time all the same', async () => {
    const client = await pool.connect();
    client.release();
    expect(() => client.release()).to.throw('Release called on client which has already been released to the pool.');
    const [a, b, c] = await Promise.all([pool.query('select 1'), pool.query('select 1'), pool.query('select 1')]);
    expect([a.rowCount, b.rowCount, c.rowCount]).to.deep.equal([1, 1, 1]);
    await expectNothingLeft(pool, server, application_name);
  });

  it('a client that was released is refused, not passed to whoever has the connection next', async () => {
    const client = await pool.connect();
    client.release();
    const { error } = await settled(client.query('select 1'), 500);
    expect(error?.message).to.include('released');
  });

  describe('end() with clients out', () => {
    it('waits for them, then is done', async () => {
      const client = await pool.connect();
      const ended = pool.end();
      expect((await client.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
      client.release();
      const { error } = await settled(ended, 1200);
      expect(error).to.equal(undefined);
      await expectNothingLeft(pool, server, application_name);
    });

    it('cancels what they run and closes them after drainTimeoutMs', async () => {
      const client = await pool.connect();
      await client.query('begin');
      const running = settled(withTimeout(client, 60_000).query('select pg_sleep(60)'), 10_000);
      await sleeping();
      const { error } = await settled(pool.end(), 4 * 300 + 1000);
      expect(error).to.equal(undefined);
      expect((await running).error).to.be.instanceOf(ConnectionLostError);
      client.release();
      await expectNothingLeft(pool, server, application_name);
    });

    it('is the same promise when called again, and refuses new work', async () => {
      const first = pool.end();
      expect(pool.end()).to.equal(first);
      const { error } = await settled(pool.query('select 1'), 500);
      expect(error).to.be.instanceOf(ShuttingDownError);
      await first;
      expect(pool.ended).to.equal(true);
    });
  });

  it('a statement that times out in a transaction leaves the borrower in charge', async () => {
    const client = await pool.connect();
    await client.query('begin');
    const { error } = await settled(client.query('select pg_sleep(60)'), within(queryTimeoutMs));
    expect(error).to.be.instanceOf(QueryTimeoutError);
    expect(error?.outcome).to.equal('rolled-back');
    expect(client.getTransactionStatus()).to.equal('E');
    await client.query('rollback');
    client.release();
    await expectNothingLeft(pool, server, application_name);
    expect(pool.totalCount).to.equal(1);
  });

  it('a transaction that is left open on release is not passed on', async () => {
    await server.query('create table if not exists left_open (id int)');
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into left_open values (1)');
    client.release();
    await expectNothingLeft(pool, server, application_name);
    expect((await pool.query('select count(*)::int as n from left_open')).rows).to.deep.equal([{ n: 0 }]);
  });

  it('a COMMIT that takes too long is not cancelled: its outcome is unknown, and it may well be stored', async () => {
    await server.query(`
      create table slow_commit (id int);
      create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.8); return null; end $$;
      create constraint trigger dawdle after insert on slow_commit
        deferrable initially deferred for each row execute function dawdle();`);
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into slow_commit values (1)');
    const { error } = await settled(client.query('commit'), within(queryTimeoutMs));
    expect(error).to.be.instanceOf(QueryTimeoutError);
    expect(error?.outcome).to.equal('unknown');
    client.release();
    await eventually(async () => (await server.query('select 1 from slow_commit')).length === 1, 5000, 'it is stored');
    await expectNothingLeft(pool, server, application_name);
  });

  it('a read whose connection is lost is ended on the server, a write is left to end by itself', async () => {
    await server.query('create table lost_write (id int)');
    const patient = new ResilientPool({ connectionString: proxy.connectionString(server), application_name, min: 0 });
    const read = settled(patient.query('select pg_sleep(60)'), 10_000);
    const write = settled(patient.query('insert into lost_write select 1 from pg_sleep(1)'), 10_000);
    await eventually(async () => (await active()) === 2, 5000, 'both have reached the server');
    proxy.reset();
    for (const { error } of [await read, await write]) expect(error).to.be.instanceOf(ConnectionLostError);
    await expectNothingLeft(patient, server, application_name);
    expect(await server.query('select id from lost_write')).to.deep.equal([{ id: 1 }]);
    await patient.end();
  });
});
