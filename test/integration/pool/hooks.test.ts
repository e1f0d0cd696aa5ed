import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import Cursor from 'pg-cursor';
import { ResilientPool, runWithDeadline } from '../../../lib/index.js';
import type { Lease, PoolHooks, ResilientPoolOptions } from '../../../lib/index.js';
import { insideOf } from '../../../lib/pool/resilient-pool.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';

type Call = [name: string, ...args: unknown[]];

describe('the hooks of a pool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let calls: Call[];
  let lines: Record<string, unknown>[];

  before(async () => {
    database = await testDatabase();
  });
  afterEach(() => pool.end());

  function open(options: ResilientPoolOptions = {}, hooks: Partial<PoolHooks> = recorder()): void {
    lines = [];
    const log = (fields: object, message: string) => void lines.push({ ...fields, message });
    const logger = { debug: log, info: log, warn: log, error: log };
    const { connectionString } = database;
    pool = new ResilientPool({ connectionString, min: 0, logger, monitor: { hooks }, ...options });
  }

  function recorder(): PoolHooks {
    calls = [];
    const record =
      (name: string) =>
      (...args: unknown[]) =>
        void calls.push([name, ...args]);
    return {
      onCreated: record('created'),
      onAcquired: record('acquired'),
      onAcquireFailed: record('acquire-failed'),
      onLent: record('lent'),
      onReleased: record('released'),
      onAsked: record('asked'),
      onAnswered: ({ text, rows, requestId }, ms, error) => calls.push(['answered', text, rows, requestId, ms, error]),
      onRetried: record('retried'),
    };
  }

  const named = (name: string) => calls.filter(([one]) => one === name);
  const names = () => calls.map(([name]) => name);

  it('tell of a statement: connection, acquisition, release, answer, with its rows and times', async () => {
    open();
    await pool.query('select generate_series(1, 3), pg_sleep(0.05)');
    expect(names()).to.deep.equal(['created', 'acquired', 'released', 'answered']);
    const [created, acquired, released, answered] = calls;
    expect(created?.[1]).to.be.within(0.1, 2000);
    expect(acquired?.[1]).to.be.within(0.1, 2000);
    expect(released?.slice(1)).to.deep.equal([released?.[1], undefined]);
    expect(answered?.slice(1, 4)).to.deep.equal(['select generate_series(1, 3), pg_sleep(0.05)', 3, undefined]);
    for (const ms of [released?.[1], answered?.[4]]) expect(ms).to.be.within(140, 2000);
    calls.length = 0;
    await pool.query('select 1');
    expect(names(), 'the connection is there').to.deep.equal(['acquired', 'released', 'answered']);
    expect(calls[0]?.[1]).to.equal(0);
  });

  it('tell of statements that fail, with their errors, and not of those that were never sent', async () => {
    open();
    await failureOf(pool.query('select nonsense'));
    expect(named('answered')[0]?.[5]).to.have.property('code', '42703');
    expect(named('answered')[0]?.[2]).to.equal(undefined);
    await failureOf(runWithDeadline(50, () => pool.query('select pg_sleep(5)')));
    expect(named('answered').at(-1)?.[5]).to.have.property('code', 'DB_DEADLINE_EXCEEDED');
  });

  it('tell how long a ROLLBACK took that was sent after its deadline', async () => {
    open();
    const client = await pool.connect();
    await client.query('begin');
    await runWithDeadline(20, async () => {
      await sleep(200);
      await client.query('rollback').catch(() => undefined);
    }).catch(() => undefined);
    await eventually(() => named('answered').length === 2, 5000, 'it is answered');
    expect(named('answered')[1]?.slice(1, 2)).to.deep.equal(['rollback']);
    expect(named('answered')[1]?.[4]).to.be.within(0, 150);
    client.release();
  });

  it('tell of a client that is checked out, by whom, and that it came back', async () => {
    open();
    const client = await pool.connect();
    const [, lease] = named('lent')[0] as ['lent', Lease];
    expect(lease.borrower.stack).to.include('hooks.test.js');
    expect(lease.since).to.be.within(performance.now() - 5000, performance.now());
    await client.query('select 1');
    client.release();
    expect(named('released')[0]?.[2]).to.equal(lease);
    await pool.transaction((tx) => tx.query('select 2'));
    expect(named('lent')).to.have.length(2);
    expect((named('lent')[1] as ['lent', Lease])[1].borrower.stack).to.include('hooks.test.js');
    expect(named('answered').map(([, text]) => text)).to.include.members(['BEGIN', 'select 2', 'COMMIT']);
  });

  it('tell the borrower of up to a hundred checkouts a second, and of all once a leak had none', async () => {
    open({ monitor: { hooks: recorder(), leakThresholdMs: 50 }, max: 2 });
    const known = () => named('lent').filter(([, lease]) => (lease as Lease).borrower.stack !== undefined).length;
    const checkOut = async (times: number) => {
      for (let i = 0; i < times; i++) (await pool.connect()).release();
    };
    // A second may end meanwhile, and perhaps another one.
    await checkOut(400);
    expect(known()).to.be.within(100, 300);
    let leaked = await pool.connect();
    while ((named('lent').at(-1)?.[1] as Lease).borrower.stack !== undefined) {
      leaked.release();
      leaked = await pool.connect();
    }
    await eventually(() => lines.some(({ message }) => String(message).includes('was it released?')), 5000, 'reported');
    leaked.release();
    calls.length = 0;
    await checkOut(400);
    expect(known()).to.equal(400);
  });

  it('tell that a client which listens, or was asked for so, is kept for long', async () => {
    open();
    const listening = await pool.connect();
    await listening.query('LISTEN news');
    const declared = await pool.connect({ longLived: true });
    const other = await pool.connect();
    const leases = named('lent').map(([, lease]) => (lease as Lease).isLongLived);
    expect(leases).to.deep.equal([true, true, false]);
    for (const client of [listening, declared, other]) client.release();
  });

  it('tell why a call got no connection', async () => {
    open({ max: 1, acquireTimeoutMs: 60 });
    const client = await pool.connect();
    await failureOf(pool.query('select 1'));
    await failureOf(runWithDeadline(20, () => pool.query('select 1')));
    const cancelled = pool.withOptions({ signal: AbortSignal.timeout(10) }).query('select 1');
    await failureOf(cancelled);
    client.release();
    pool.circuit.isolate();
    await failureOf(pool.query('select 1'));
    await pool.end();
    await failureOf(pool.query('select 1'));
    const reasons = named('acquire-failed').map(([, reason]) => reason);
    expect(reasons).to.deep.equal(['timeout', 'deadline', 'cancelled', 'circuit-open', 'closed']);
    expect(named('acquire-failed')[0]?.[2]).to.be.within(50, 1000);
    expect(named('acquire-failed')[3]?.[2]).to.equal(0);
  });

  it('tell of calls that came too late to ask for a connection', async () => {
    open();
    const late = runWithDeadline(1, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await failureOf(pool.query('select 1'));
      await failureOf(pool.connect());
    });
    await late.catch(() => undefined);
    await failureOf(pool.withOptions({ signal: AbortSignal.abort() }).query('select 1'));
    const failed = (reason: string) => ['acquire-failed', reason, 0];
    expect(named('acquire-failed')).to.deep.equal([failed('deadline'), failed('deadline'), failed('cancelled')]);
    expect(pool.getHealthStatus()).to.include({ total_acquisitions: 0, acquisition_failures: 3 });
  });

  it('tell of each connection once that it came back, or was lost, whoever had it', async () => {
    open({ retry: false, circuit: false });
    const kill = 'select pg_terminate_backend(pg_backend_pid())';
    await failureOf(pool.query(kill));
    const client = await pool.connect();
    await failureOf(client.query(kill));
    expect(named('released'), 'his connection is still his').to.have.length(1);
    client.release(true);
    await failureOf(pool.transaction((tx) => tx.query(kill), { retries: 0 }));
    await pool.query('select 1');
    const leases = named('released').map(([, , lease]) => lease);
    expect(leases.map((lease) => lease !== undefined)).to.deep.equal([false, true, true, false]);
    expect(leases.filter((lease) => lease !== undefined)).to.deep.equal(named('lent').map(([, lease]) => lease));
    expect(named('acquired')).to.have.length(4);
  });

  it('go on where a statement is none', async () => {
    open();
    for (const text of [5, {}, Buffer.from('select 1')]) {
      const error = await failureOf(pool.query({ text: text as unknown as string }));
      expect(error.message).to.include('must have either text or a name');
      const client = await pool.connect();
      expect((await failureOf(client.query({ text: text as unknown as string }))).message).to.equal(error.message);
      client.release();
    }
    await pool.query('select 1 as one');
    expect(pool.getQueryPerformance().map(({ statement }) => statement)).to.include('select ? as one');
    expect(lines.filter(({ message }) => String(message).includes('switched off'))).to.deep.equal([]);
  });

  it('tell that no connection could be opened', async () => {
    open({ connectionString: 'postgres://app@127.0.0.1:1/none', retry: false, circuit: false });
    await failureOf(pool.query('select 1'));
    expect(calls.map(([name, reason]) => [name, reason])).to.deep.equal([['acquire-failed', 'connect']]);
  });

  it('tell of what is sent again, and how it went', async () => {
    open();
    await pool.query('create sequence tries');
    const fails = `do $$ begin if nextval('tries') < 3 then raise exception 'x' using errcode = '40001'; end if; end $$`;
    await pool.executeWithRetry(fails, [], { idempotent: true });
    expect(named('retried').map(([, ok]) => ok)).to.deep.equal([false, true]);
  });

  it('are told nothing of pings and resets, nor of cursors, whose time is that of their readers', async () => {
    open({ pingAfterIdleMs: 0, resetOnRelease: true });
    await pool.query('select 1');
    await pool.query('select 1');
    const client = await pool.connect();
    const cursor = client.query(new Cursor('select 5'));
    await cursor.read(1);
    await cursor.close();
    client.release();
    await eventually(() => pool.idleCount === 1, 5000, 'the connection is back');
    expect(named('answered').map(([, text]) => text)).to.deep.equal(['select 1', 'select 1']);
  });

  it('suspect nobody any more where the monitor itself has failed', async () => {
    open({ monitor: { leakThresholdMs: 50 } });
    const client = await pool.connect();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pool.detectConnectionLeaks()).to.have.length(1);
    pool[insideOf].statements.of = () => {
      throw new Error('a mistake of ours');
    };
    await client.query('select 1');
    client.release();
    expect(lines.filter(({ message }) => String(message).includes('switched off'))).to.have.length(1);
    expect(pool.detectConnectionLeaks()).to.deep.equal([]);
    expect(pool.getPoolMetrics().monitoring_enabled).to.equal(false);
  });

  describe('that throw', () => {
    const failing = (fail: () => unknown): Partial<PoolHooks> =>
      Object.fromEntries(
        [
          'onCreated',
          'onAcquired',
          'onAcquireFailed',
          'onLent',
          'onReleased',
          'onAsked',
          'onAnswered',
          'onRetried',
        ].map((name) => [name, fail]),
      );

    for (const [how, fail] of [
      [
        'at once',
        () => {
          throw new Error('the monitor is ill');
        },
      ],
      ['later', () => Promise.reject(new Error('the monitor is ill'))],
    ] as const) {
      it(`${how} harm nothing, and one warning is logged`, async () => {
        open({}, failing(fail));
        await runWithDeadline(5000, async () => {
          for (let i = 0; i < 20; i++) expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
          await pool.transaction((tx) => tx.query('select 1'));
          const client = await pool.connect();
          client.release();
        });
        await eventually(() => lines.length > 0, 5000, 'it is logged');
        expect(lines.map(({ message }) => message)).to.deep.equal([
          'Monitoring has failed and is switched off; what is run on the pool goes on',
        ]);
        expect(pool.getPoolMetrics().health_status.total_acquisitions, 'ours goes on').to.be.at.least(22);
      });
    }

    it('leave it at that where the log throws as well', async () => {
      const throwing = () => {
        throw new Error('the log is ill');
      };
      const logger = { debug: throwing, info: throwing, warn: throwing, error: throwing };
      open({ logger }, failing(throwing));
      expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    });
  });
});
