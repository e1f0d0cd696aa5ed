import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { CircuitOpenError, connectWithRetry, ResilientPool } from '../../../lib/index.js';
import type { CircuitOptions } from '../../../lib/index.js';
import { startFaultProxy, startPostgres } from '../../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../../lib/testing/index.js';
import { eventually, settled } from '../../support/settle.js';
import { becomes, changesOf } from './load.js';

describe('while the circuit of a pool is open', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;

  before(async () => {
    server = await startPostgres();
    await server.query('create table kept (id int)');
  });
  after(() => server.stop());
  beforeEach(async () => {
    proxy = await startFaultProxy({ target: server });
    await server.query('truncate kept');
  });
  afterEach(async () => {
    await proxy.pass();
    await settled(pool.end(), 5000);
    await proxy.close();
  });

  function open(circuit: CircuitOptions = {}): void {
    pool = new ResilientPool({
      connectionString: proxy.connectionString(server),
      max: 4,
      min: 0,
      drainTimeoutMs: 300,
      circuit: { probeTimeoutMs: 500, probeIntervalMs: 200, ...circuit },
    });
  }
  /** New connections are refused, and those that are open live on. */
  async function fall(): Promise<void> {
    await proxy.refuse();
    while (pool.idleCount > 0) (await pool.connect()).release(true);
    await settled(pool.query('select 1'), 4000);
    await becomes(pool, pool.circuit.mode === 'off' ? 'closed' : 'open', 4000);
  }
  async function recover(): Promise<void> {
    await proxy.pass();
    await becomes(pool, 'closed', 6000);
  }
  const stored = async () => (await server.query('select id from kept')).length;
  const refusal = async (work: unknown) => {
    const { error } = await settled(work as PromiseLike<unknown>, 1000);
    expect(error).to.be.instanceOf(CircuitOpenError);
  };

  it('a client that was checked out before goes on, and so does a transaction that has begun', async () => {
    open();
    const client = await pool.connect();
    let goOn: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (goOn = resolve));
    let hasBegun = false;
    const begun = pool.transaction(async (tx) => {
      await tx.query('insert into kept values (1)');
      hasBegun = true;
      await opened;
      await tx.query('insert into kept values (2)');
    });
    await client.query('begin; insert into kept values (3)');
    await eventually(() => hasBegun, 4000, 'it has begun');
    await fall();
    expect((await client.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await client.query('commit');
    goOn();
    await begun;
    expect(pool.circuit.state).to.equal('open');
    expect(await stored()).to.equal(3);
    client.release();
    await refusal(pool.query('select 1'));
    await recover();
    expect((await pool.query('select 1')).rowCount).to.equal(1);
  });

  it('connect() and transaction() are refused, and what a transaction would do is not called', async () => {
    open();
    await pool.query('select 1');
    await fall();
    await refusal(pool.connect());
    await refusal(
      new Promise((resolve, reject) => {
        pool.connect((error, client) => (error === undefined ? resolve(client) : reject(error)));
      }),
    );
    let calls = 0;
    await refusal(pool.transaction(() => (calls += 1)));
    expect(calls).to.equal(0);
    await refusal(pool.executeWithRetry('select 1', [], { idempotent: true, retries: 5 }));
    await refusal(pool.withOptions({ readOnly: true }).query('select 1'));
    await recover();
  });

  it('query() is refused in every form, a cursor and a stream as well', async () => {
    open();
    await pool.query('select 1');
    await fall();
    await refusal(pool.query('select 1'));
    await refusal(pool.query({ text: 'select $1::int', values: [1], name: 'one' }));
    await refusal(pool.query(new Cursor('select 1')));
    await refusal(pool.query(new QueryStream('select 1')));
    await refusal(pool.query(new pg.Query('select 1')));
    await refusal(
      new Promise((resolve, reject) => {
        pool.query('select 1', (error: Error | undefined) => (error == null ? resolve(undefined) : reject(error)));
      }),
    );
    const withCallback = pool.query as unknown as (work: pg.Submittable, done: (error?: Error) => void) => void;
    await refusal(
      new Promise((resolve, reject) => {
        const done = (error?: Error) => (error == null ? resolve(undefined) : reject(error));
        withCallback.call(pool, new Cursor('select 1'), done);
      }),
    );
    await recover();
  });

  it('a refusal is told later, never within the call', async () => {
    open();
    await pool.query('select 1');
    await fall();
    let isTold = false;
    pool.query('select 1', () => (isTold = true));
    pool.connect(() => (isTold = true));
    expect(isTold).to.equal(false);
    await eventually(() => isTold, 1000, 'it is told');
    await recover();
  });

  it('mode off closes it and lets everything through, and on begins anew', async () => {
    open();
    const changes = changesOf(pool);
    const client = await pool.connect();
    await fall();
    pool.circuit.mode = 'off';
    expect(pool.circuit.state).to.equal('closed');
    client.release();
    expect((await pool.query('select 1')).rowCount).to.equal(1);
    await sleep(300);
    const { probes } = pool.circuit.describe();
    await fall();
    await sleep(500);
    expect(pool.circuit.describe(), 'it asks nothing').to.include({ probes, opened: 1, state: 'closed' });
    pool.circuit.mode = 'on';
    await fall();
    expect(changes.map(({ to, reason }) => [to, reason])).to.deep.equal([
      ['open', 'probe-failed'],
      ['closed', 'by-hand'],
      ['open', 'probe-failed'],
    ]);
    await recover();
  });

  it('mode on, switched to while it is open, refuses those who wait', async () => {
    open({ mode: 'metrics-only' });
    proxy.blackHole();
    const waiting = pool.query('select 1');
    await becomes(pool, 'open', 4000);
    expect(pool.waitingCount).to.equal(1);
    pool.circuit.mode = 'on';
    await refusal(waiting);
  });

  it('mode metrics-only refuses nothing and counts what it would have refused', async () => {
    open({ mode: 'metrics-only' });
    const client = await pool.connect();
    await fall();
    client.release();
    for (let turn = 0; turn < 10; turn++) expect((await pool.query('select 1')).rowCount).to.equal(1);
    expect(pool.circuit.describe()).to.include({ rejections: 0, state: 'open' });
    expect(pool.circuit.describe().wouldBeRejections).to.be.at.least(10);
    pool.circuit.mode = 'on';
    await refusal(pool.query('select 1'));
    pool.circuit.mode = 'metrics-only';
    expect((await pool.query('select 1')).rowCount).to.equal(1);
    await recover();
  });

  it('isolate() refuses everything of a database that is well, also those who wait, until resume()', async () => {
    open();
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    const waiting = settled(pool.query('select 1'), 2000);
    pool.circuit.isolate();
    expect((await waiting).error).to.be.instanceOf(CircuitOpenError);
    expect((await clients[0]?.query('select 1'))?.rowCount).to.equal(1);
    for (const client of clients) client.release();
    await refusal(pool.query('select 1'));
    const { probes } = pool.circuit.describe();
    await sleep(700);
    expect(pool.circuit.describe()).to.include({ probes, state: 'isolated' });
    pool.circuit.mode = 'off';
    await refusal(pool.query('select 1'));
    pool.circuit.mode = 'on';
    pool.circuit.resume();
    expect(pool.circuit.state).to.equal('closed');
    expect((await pool.query('select 1')).rowCount).to.equal(1);
  });

  it('isolate() and resume() while it is open: closed, and opened again where nothing has mended', async () => {
    open();
    await pool.query('select 1');
    await fall();
    pool.circuit.isolate();
    expect(pool.circuit.state).to.equal('isolated');
    pool.circuit.resume();
    expect(pool.circuit.state).to.equal('closed');
    await fall();
    await recover();
    expect((await pool.query('select 1')).rowCount).to.equal(1);
  });

  it('a listener that throws, or rejects, harms nothing', async () => {
    open();
    const seen: string[] = [];
    for (const event of ['open', 'halfOpen', 'close', 'stateChange'] as const) {
      pool.circuit.on(event, () => {
        throw new Error('of a listener');
      });
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- what TypeScript forbids, JavaScript does
      pool.circuit.on(event, () => Promise.reject(new Error('of an async listener')));
      pool.circuit.on(event, ({ to }) => seen.push(`${event} ${to}`));
    }
    await pool.query('select 1');
    await fall();
    await recover();
    expect((await pool.query('select 1')).rowCount).to.equal(1);
    expect(seen.filter((line) => !line.startsWith('stateChange'))).to.deep.equal([
      'open open',
      'halfOpen half-open',
      'close closed',
    ]);
    expect(seen).to.have.lengthOf(6);
  });

  it('connectWithRetry is not refused, and its pool is of use at once', async () => {
    await proxy.refuse();
    const errors: Error[] = [];
    const connecting = connectWithRetry(
      { connectionString: proxy.connectionString(server), max: 2 },
      { attempts: 1000, minDelayMs: 20, maxDelayMs: 50, onRetry: ({ error }) => errors.push(error) },
    );
    await eventually(() => errors.length >= 20, 8000, 'it has tried often');
    await proxy.pass();
    pool = (await settled(connecting, 8000)).value as ResilientPool;
    expect(pool.circuit.describe()).to.include({ mode: 'on', state: 'closed', opened: 0, probes: 0 });
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => pool.query('select 1')));
    expect(all.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
    for (const error of errors) expect(error).to.include({ code: 'DB_CONNECTION_LOST' });
    await fall();
    await refusal(pool.query('select 1'));
    await recover();
  });
});
