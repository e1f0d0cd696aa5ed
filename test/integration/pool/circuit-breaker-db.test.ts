import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { CircuitBreakerDb, CircuitOpenError, ConfigurationError, withTimeout } from '../../../lib/index.js';
import type { CircuitBreakerDbOptions } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { eventually, settled } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';

describe('CircuitBreakerDb', () => {
  let database: TestDatabase;
  let proxy: FaultProxy;
  let bare: pg.Pool;
  const open: { close(): void }[] = [];

  before(async () => {
    database = await testDatabase();
    const url = new URL(database.connectionString);
    proxy = await startFaultProxy({ target: { host: url.hostname, port: Number(url.port) } });
  });
  beforeEach(() => {
    bare = new pg.Pool({ connectionString: url(), max: 4, connectionTimeoutMillis: 1000 });
    bare.on('error', () => undefined);
  });
  afterEach(async () => {
    for (const db of open.splice(0)) db.close();
    await proxy.pass();
    await settled(bare.end(), 5000);
  });
  after(() => proxy.close());

  const url = () => proxy.connectionString(database);
  function guard(options: CircuitBreakerDbOptions = {}): CircuitBreakerDb<pg.Pool> {
    const db = new CircuitBreakerDb(bare, options);
    open.push(db);
    return db;
  }
  async function cut(): Promise<void> {
    await proxy.refuse();
    proxy.reset();
    await sleep(50);
  }
  const stateBecomes = (db: { state: string }, state: string) =>
    eventually(() => db.state === state, 6000, `it is ${state}`);
  const probe = async (signal: AbortSignal) => {
    const client = new pg.Client({ connectionString: url() });
    client.on('error', () => undefined);
    const end = () => void client.end();
    signal.addEventListener('abort', end);
    try {
      await client.connect();
      await client.query('select 1');
    } finally {
      signal.removeEventListener('abort', end);
      await client.end().catch(() => undefined);
    }
  };

  it('passes results and errors on, of a text, of values and of a config object', async () => {
    const db = guard();
    expect((await db.query<{ n: number }>('select 7 as n')).rows).to.deep.equal([{ n: 7 }]);
    expect((await db.query('select $1::int as n', [8])).rows).to.deep.equal([{ n: 8 }]);
    const config = { text: 'select $1::int as n', values: [9], name: 'nine' };
    expect((await db.query(config)).rows).to.deep.equal([{ n: 9 }]);
    expect((await db.query({ text: 'select 1 as n', rowMode: 'array' } as pg.QueryConfig)).rows).to.deep.equal([[1]]);
    expect(await failureOf(db.query('selct 1'))).to.include({ code: '42601' });
  });

  it('stays closed for mistakes and for callers who give up', async () => {
    const db = guard();
    for (let turn = 0; turn < 100; turn++) await failureOf(db.query('select 1/0'));
    for (let turn = 0; turn < 10; turn++) await failureOf(db.query({ text: 7 } as never));
    expect(db.describe()).to.include({ state: 'closed', opened: 0 });
  });

  it('without a probe: opens after failures in a row, lets callers try, and closes when enough have succeeded', async () => {
    const db = guard({ openMs: 300 });
    const seen: string[] = [];
    db.on('stateChange', ({ to, reason }) => seen.push(`${to}: ${reason}`));
    await db.query('select 1');
    await cut();
    let failures = 0;
    for (; db.state === 'closed' && failures < 20; failures++) await failureOf(db.query('select 1'));
    expect(db.state).to.equal('open');
    // The first failure, and five in a row of work that began after it.
    expect(failures).to.equal(6);

    const accepted = proxy.accepted;
    const refused = await failureOf(db.query('select 1'));
    expect(refused).to.be.instanceOf(CircuitOpenError);
    expect(refused).to.include({ outcome: 'not-executed', circuit: 'database' });
    expect(proxy.accepted).to.equal(accepted);

    await stateBecomes(db, 'half-open');
    expect(await failureOf(db.query('select 1'))).not.to.be.instanceOf(CircuitOpenError);
    expect(db.state).to.equal('open');
    expect(db.describe().leastOpenMs).to.equal(1000);

    await proxy.pass();
    await stateBecomes(db, 'half-open');
    expect((await db.query('select 1')).rowCount).to.equal(1);
    expect(db.state).to.equal('half-open');
    expect((await db.query('select 1')).rowCount).to.equal(1);
    expect(db.state).to.equal('closed');
    expect(seen).to.deep.equal([
      'open: failures-in-a-row',
      'half-open: trial-due',
      'open: trial-failed',
      'half-open: trial-due',
      'closed: recovered',
    ]);
  });

  it('without a probe: no more callers than `trials` may try at a time, and one who hangs has failed', async () => {
    const db = guard({ openMs: 200, trials: 1, trialTimeoutMs: 300 });
    await cut();
    while (db.state === 'closed') await failureOf(db.query('select 1'));
    await proxy.pass();
    await stateBecomes(db, 'half-open');
    const hung = settled(withTimeout(db, 1500).query('select pg_sleep(1)'), 5000);
    await sleep(50);
    expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
    expect(db.state).to.equal('half-open');
    await sleep(400);
    expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
    expect(db.state).to.equal('open');
    await hung;
    expect(db.state, 'what ends late closes nothing').not.to.equal('closed');
    await stateBecomes(db, 'half-open');
    await db.query('select 1');
    expect(db.state).to.equal('closed');
  });

  it('without a probe: refused callers in a tight loop do not starve the one who tries', async () => {
    const db = guard({ openMs: 200, trials: 1 });
    await cut();
    while (db.state === 'closed') await failureOf(db.query('select 1'));
    await proxy.pass();
    const until = performance.now() + 6000;
    const ask = async () => {
      while (db.state !== 'closed' && performance.now() < until) await db.query('select 1').catch(() => undefined);
    };
    await settled(Promise.all([ask(), ask(), ask()]), 8000);
    expect(db.state).to.equal('closed');
  });

  it('with a probe: opens at the first failure that it confirms, spends no caller, and closes by itself', async () => {
    const db = guard({ name: 'orders', probe, probeIntervalMs: 200, probeTimeoutMs: 500 });
    await db.query('select 1');
    await cut();
    await failureOf(db.query('select 1'));
    await stateBecomes(db, 'open');
    expect(await failureOf(db.query('select 1'))).to.include({ code: 'DB_CIRCUIT_OPEN', circuit: 'orders' });
    await proxy.pass();
    await stateBecomes(db, 'closed');
    expect((await db.query('select 1')).rowCount).to.equal(1);
    expect(db.describe().opened).to.equal(1);
  });

  it('with a probe: a time-out opens nothing where the database answers it, and without one it counts', async () => {
    const late = { ...bare.options, query_timeout: 50 };
    const slow = new pg.Pool({ ...late, connectionString: url(), max: 10 });
    slow.on('error', () => undefined);
    const probed = new CircuitBreakerDb(slow, { probe, probeTimeoutMs: 500 });
    const alone = new CircuitBreakerDb(slow);
    open.push(probed, alone);
    for (let turn = 0; turn < 10; turn++) await failureOf(probed.query('select pg_sleep(0.2)'));
    await eventually(() => !probed.describe().isSuspected, 4000, 'it is probed');
    expect(probed.describe()).to.include({ state: 'closed', opened: 0 });
    expect(probed.describe().probes).to.be.at.least(1);
    while (alone.state === 'closed') await failureOf(alone.query('select pg_sleep(0.2)'));
    expect(alone.describe().opened).to.equal(1);
    await settled(slow.end(), 5000);
  }).timeout(30_000);

  it('with a probe: opens whatever the probe rejects with', async () => {
    const db = guard({
      probe: () => Promise.reject(new Error('no sign of life, for a reason of my own')),
      probeIntervalMs: 50,
    });
    const untilOpen = setInterval(() => void db.query('select 1').catch(() => undefined), 20);
    await cut();
    await stateBecomes(db, 'open').finally(() => clearInterval(untilOpen));
  });

  it('isolate() and close(): refused until resume(), and everything goes through after close()', async () => {
    const db = guard();
    db.isolate();
    expect(await failureOf(db.query('select 1'))).to.include({ code: 'DB_CIRCUIT_OPEN' });
    db.resume();
    expect((await db.query('select 1')).rowCount).to.equal(1);
    db.isolate();
    db.close();
    expect((await db.query('select 1')).rowCount).to.equal(1);
    expect(db.state).to.equal('closed');
  });

  it('goes over anything with query, and under withTimeout', async () => {
    const client = new pg.Client({ connectionString: url() });
    await client.connect();
    const own = { query: (text: string, values: unknown[] = []) => Promise.resolve({ text, values }) };
    const overClient = new CircuitBreakerDb(client);
    const overOwn = new CircuitBreakerDb(own);
    const overCircuit = new CircuitBreakerDb(overClient, { name: 'outer' });
    open.push(overClient, overOwn, overCircuit);
    expect((await overClient.query('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
    expect(await overOwn.query('any', [1])).to.deep.equal({ text: 'any', values: [1] });
    expect((await overCircuit.query('select 2 as n')).rows).to.deep.equal([{ n: 2 }]);
    expect(await withTimeout(overOwn, 100).query('any')).to.include({ text: 'any' });
    await client.end();
  });

  it('refuses a Submittable, with what it received and what it takes', async () => {
    const db = guard();
    const error = await failureOf(db.query(new Cursor('select 1') as never));
    expect(error).to.be.instanceOf(ConfigurationError);
    expect(error.message).to.match(/received a Submittable.*expected a text or a config object/);
    expect(db.describe()).to.include({ calls: 0, state: 'closed' });
  });

  it('refuses a callback, whose errors it would not see', async () => {
    const db = guard();
    const query = db.query as (...args: unknown[]) => Promise<unknown>;
    const never = () => expect.fail('nothing is to be called');
    for (const args of [
      ['select 1', never],
      ['select $1::int', [1], never],
    ]) {
      const error = await failureOf(query(...args));
      expect(error).to.be.instanceOf(ConfigurationError);
      expect(error.message).to.match(/received a callback.*promise/);
    }
    expect(db.describe()).to.include({ calls: 0, state: 'closed' });
  });

  const nonsense: [string, unknown][] = [
    ['name', ''],
    ['name', 'x'.repeat(64)],
    ['probe', true],
    ['probe', 'select 1'],
    ['openMs', 0],
    ['openMs', '1000'],
    ['trials', 0],
    ['trials', 101],
    ['trialTimeoutMs', -1],
    ['trialTimeoutMs', NaN],
    ['logger', {}],
    ['rampMs', 500],
    ['mode', 'maybe'],
    ['failuresInARow', 0],
    ['failurePercent', 101],
    ['leastCalls', 1.5],
    ['windowMs', 99],
    ['probeIntervalMs', 49],
    ['slowProbeIntervalMs', 100],
    ['probeTimeoutMs', 9],
    ['opneMs', 100],
  ];
  for (const [option, value] of nonsense) {
    it(`refuses ${option}: ${JSON.stringify(value)}, by name`, () => {
      const make = () => new CircuitBreakerDb(bare, { [option]: value });
      expect(make).to.throw(ConfigurationError, option);
      if (option !== 'rampMs' && option !== 'opneMs') expect(make).to.throw(/received .+; expected /);
    });
  }

  it('refuses what has no query, and options that are none', () => {
    for (const queryable of [null, undefined, 7, {}, 'select 1']) {
      expect(() => new CircuitBreakerDb(queryable as never)).to.throw(ConfigurationError, /received .*; expected/);
    }
    for (const options of [null, 7, 'on', []]) {
      expect(() => new CircuitBreakerDb(bare, options as never), JSON.stringify(options)).to.throw(ConfigurationError);
    }
  });
});
