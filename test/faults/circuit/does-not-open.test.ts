import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { AcquireTimeoutError, CancelledError, ConnectionLostError, ResilientPool } from '../../../lib/index.js';
import type { ResilientPoolOptions } from '../../../lib/index.js';
import { startFaultProxy, startPostgres } from '../../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../../lib/testing/index.js';
import { eventually, settled } from '../../support/settle.js';
import { expectNeverOpened, Load } from './load.js';

describe('the circuit of a pool does not open', () => {
  const application_name = 'does-not-open';
  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;

  before(async () => {
    server = await startPostgres();
    await server.query(`
      create table things (id int primary key, n int not null default 0);
      insert into things values (1);
      create role app login password 'right';
      grant all on things to app`);
    proxy = await startFaultProxy({ target: server });
  });
  after(async () => {
    await proxy.close();
    await server.stop();
  });
  afterEach(async () => {
    await settled(pool.end(), 5000);
  });

  function open(options: ResilientPoolOptions = {}): void {
    pool = new ResilientPool({
      connectionString: proxy.connectionString(server),
      application_name,
      max: 10,
      drainTimeoutMs: 300,
      ...options,
    });
  }
  const appUrl = () => {
    const url = new URL(proxy.connectionString(server));
    url.username = 'app';
    url.password = 'right';
    return url.href;
  };
  const codesOf = async (count: number, ask: (i: number) => PromiseLike<unknown>) => {
    const all = await Promise.allSettled(Array.from({ length: count }, (_, i) => ask(i)));
    return all.map((one) => (one.status === 'fulfilled' ? undefined : (one.reason as { code: string }).code));
  };
  const active = async () => {
    const rows = await server.query(
      `select 1 from pg_stat_activity where application_name = $1 and state = 'active'
      and query like '%pg_sleep%'`,
      [application_name],
    );
    return rows.length;
  };
  const terminate = (where: string) => server.query(`select pg_terminate_backend(pid) from pg_stat_activity ${where}`);

  it('for a thousand violations of a constraint', async () => {
    open();
    const codes = await codesOf(1000, () => pool.query('insert into things values (1)'));
    expect(new Set(codes)).to.deep.equal(new Set(['23505']));
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.equal(0);
  });

  it('for a thousand errors of syntax', async () => {
    open();
    const codes = await codesOf(1000, () => pool.query('selct 1'));
    expect(new Set(codes)).to.deep.equal(new Set(['42601']));
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.equal(0);
  });

  it('for serialization failures under contention', async () => {
    open();
    const codes = await codesOf(400, () =>
      pool.transaction(
        async (tx) => {
          await tx.query('select n from things where id = 1');
          await tx.query('update things set n = n + 1 where id = 1');
        },
        { isolation: 'repeatable read', retries: 0 },
      ),
    );
    expect(codes.filter((code) => code === '40001').length).to.be.at.least(50);
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.equal(0);
  });

  it('for one statement that always times out among healthy ones', async () => {
    open();
    const healthy = new Load(() => pool.query('select 1'), 50);
    const slow = new Load(() => pool.query({ text: 'select pg_sleep(5)', query_timeout: 50 }), 20);
    await sleep(3000);
    await Promise.all([healthy.stop(), slow.stop()]);
    expect(slow.ended.length).to.be.at.least(20);
    expect(new Set(slow.ended.map(({ error }) => error?.code))).to.deep.equal(new Set(['DB_QUERY_TIMEOUT']));
    expect(healthy.firstFailure).to.equal(undefined);
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.be.at.least(2);
  });

  it('for nothing but statements that time out', async () => {
    open();
    const slow = new Load(() => pool.query({ text: 'select pg_sleep(5)', query_timeout: 50 }), 50);
    await sleep(2000);
    await slow.stop();
    expect(slow.ended.length).to.be.at.least(20);
    await expectNeverOpened(pool);
  });

  it('for one reset of twenty busy connections', async () => {
    open({ max: 20 });
    const running = codesOf(20, () => pool.query('select pg_sleep(10)'));
    await eventually(async () => (await active()) === 20, 5000, 'all twenty are busy');
    proxy.reset();
    expect(await running).to.deep.equal(Array(20).fill('DB_CONNECTION_LOST'));
    expect(await codesOf(40, () => pool.query('select 1'))).to.deep.equal(Array(40).fill(undefined));
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.be.at.least(1);
  });

  it('for one reset of twenty idle connections', async () => {
    open({ max: 20 });
    await codesOf(20, () => pool.query('select pg_sleep(0.05)'));
    await eventually(() => pool.idleCount === 20, 5000, 'all twenty are idle');
    proxy.reset();
    await eventually(() => pool.idleCount < 20, 2000, 'they are lost');
    expect(await codesOf(40, () => pool.query('select 1'))).to.deep.equal(Array(40).fill(undefined));
    await expectNeverOpened(pool);
  });

  it('for callers who give up', async () => {
    open();
    const errors: unknown[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const controllers = Array.from({ length: 30 }, () => new AbortController());
      const asked = Promise.allSettled(
        controllers.map(({ signal }) => pool.withOptions({ signal }).query('select pg_sleep(10)')),
      );
      await sleep(50);
      for (const controller of controllers) controller.abort();
      for (const one of await asked) errors.push((one as PromiseRejectedResult).reason);
    }
    expect(errors).to.have.lengthOf(150);
    for (const error of errors) expect(error).to.be.instanceOf(CancelledError);
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.equal(0);
  });

  it('for a full queue', async () => {
    open({ max: 1, acquireTimeoutMs: 100 });
    const holder = await pool.connect();
    for (let turn = 0; turn < 3; turn++) {
      for (const one of await Promise.allSettled(Array.from({ length: 50 }, () => pool.query('select 1')))) {
        expect((one as PromiseRejectedResult).reason).to.be.instanceOf(AcquireTimeoutError);
      }
    }
    holder.release();
    expect((await pool.query('select 1')).rowCount).to.equal(1);
    await expectNeverOpened(pool);
    expect(pool.circuit.describe().probes).to.equal(0);
  });

  it('for a session that is terminated, busy or idle', async () => {
    open({ min: 0 });
    for (let turn = 0; turn < 10; turn++) {
      const running = settled(pool.query('select pg_sleep(10)'), 5000);
      await eventually(async () => (await active()) === 1, 5000, 'it is busy');
      await terminate(`where application_name = '${application_name}' and query like '%pg_sleep%'`);
      expect((await running).error).to.include({ code: '57P01' });
      const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
      await terminate(`where pid = ${String(rows[0]?.pid)}`);
      await eventually(() => pool.totalCount === 0, 2000, 'its loss is noticed');
      expect((await pool.query('select 1')).rowCount).to.equal(1);
    }
    await expectNeverOpened(pool);
  });

  describe('for a wrong password of new connections', () => {
    afterEach(() => server.query(`alter role app password 'right'`));

    it('while those that are open live on', async () => {
      open({ connectionString: appUrl(), min: 0 });
      const client = await pool.connect();
      await server.query(`alter role app password 'changed'`);
      expect(await codesOf(50, () => pool.query('select 1'))).to.deep.equal(Array(50).fill('28P01'));
      expect((await client.query('select 1')).rowCount).to.equal(1);
      client.release();
      expect((await pool.query('select 1')).rowCount).to.equal(1);
      await expectNeverOpened(pool);
    });

    it('nor where it is what a probe is told', async () => {
      open({ connectionString: appUrl(), min: 0 });
      const client = await pool.connect();
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const other = await pool.connect();
      await server.query(`alter role app password 'changed'`);
      await terminate(`where pid = ${String(rows[0]?.pid)}`);
      await eventually(() => pool.circuit.describe().probes > 0, 2000, 'it is probed');
      await expectNeverOpened(pool);
      expect((await settled(client.query('select 1'), 2000)).error).to.be.instanceOf(ConnectionLostError);
      expect((await other.query('select 1')).rowCount).to.equal(1);
      client.release();
      other.release();
    });
  });

  it('for a password that cannot be had for new connections while those that are open live on', async () => {
    const { host, user, password, database } = server;
    let isKnown = true;
    const ask = () => {
      if (!isKnown) throw new Error('the vault is sealed');
      return password;
    };
    open({ connectionString: undefined, host, port: proxy.port, user, database, password: ask, min: 0 });
    const client = await pool.connect();
    isKnown = false;
    expect(await codesOf(50, () => pool.query('select 1'))).to.deep.equal(Array(50).fill('DB_CONNECTION_LOST'));
    const slow = await settled(client.query({ text: 'select pg_sleep(5)', query_timeout: 50 }), 4000);
    expect(slow.error).to.include({ code: 'DB_QUERY_TIMEOUT' });
    await eventually(() => pool.circuit.describe().probes > 1, 4000, 'it is probed, in vain');
    isKnown = true;
    expect((await client.query('select 1')).rowCount).to.equal(1);
    client.release();
    await expectNeverOpened(pool);
  });

  it('for a server that has no room for more connections while those that are open live on', async () => {
    await server.query('alter role app connection limit 3');
    open({ connectionString: appUrl(), min: 0 });
    const load = new Load(() => pool.query('select pg_sleep(0.1)'), 50);
    await sleep(2000);
    await load.stop();
    await server.query('alter role app connection limit -1');
    expect(new Set(load.ended.map(({ error }) => error?.code))).to.include('53300');
    expect(load.succeeded).to.be.at.least(20);
    await expectNeverOpened(pool);
  });

  for (const acquireTimeoutMs of [30_000, 100]) {
    it(`for a process that is held up while it asks, with ${String(acquireTimeoutMs)} ms to acquire`, async () => {
      const probeTimeoutMs = 200;
      for (const afterMs of [0, 1, 2, 3, 5]) {
        const { connectionString } = server;
        open({ connectionString, acquireTimeoutMs, min: 0, circuit: { probeTimeoutMs } });
        await settled(pool.query({ text: 'select pg_sleep(5)', query_timeout: 20 }), 4000);
        while (pool.circuit.describe().probes === 0) await new Promise((resolve) => setImmediate(resolve));
        const probedAt = performance.now();
        while (performance.now() < probedAt + afterMs) await new Promise((resolve) => setImmediate(resolve));
        const until = performance.now() + 3 * probeTimeoutMs;
        while (performance.now() < until);
        await expectNeverOpened(pool);
        await settled(pool.end(), 5000);
      }
    });
  }
});
