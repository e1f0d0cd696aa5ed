import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import {
  ConfigurationError,
  ConnectionLostError,
  ResilientPool,
  runWithDeadline,
  withRetry,
} from '../../../lib/index.js';
import { classify } from '../../../lib/errors/classify.js';
import type { ResilientPoolOptions } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';
import { timed } from '../scope/timed.js';

describe('retries', () => {
  let database: TestDatabase;
  let proxy: FaultProxy;
  let observer: pg.Pool;
  const pools: { end(): Promise<void> }[] = [];

  before(async () => {
    database = await testDatabase();
    const url = new URL(database.connectionString);
    proxy = await startFaultProxy({ target: { host: url.hostname, port: Number(url.port) } });
    observer = new pg.Pool({ connectionString: database.connectionString, max: 1 });
    // A sequence is not undone, so it counts what was run, whatever became of it.
    await observer.query(`
      create table written (id int);
      create sequence runs;
      create function flaky(failures int) returns bigint language plpgsql as $$
        declare run bigint := nextval('runs');
        begin
          if run <= failures then raise exception 'not yet' using errcode = '40001'; end if;
          return run;
        end $$;
      create function half() returns void language plpgsql as $$
        begin
          perform nextval('runs');
          if random() < 0.5 then raise exception 'unlucky' using errcode = '40001'; end if;
        end $$;
      create function pay() returns int language sql as 'insert into written values (1) returning id';
      create procedure partly() language plpgsql as $$
        begin
          insert into written values (1);
          commit;
          perform flaky(1000);
        end $$`);
  });
  beforeEach(async () => {
    await proxy.pass();
    await observer.query('truncate written; alter sequence runs restart');
  });
  afterEach(async () => {
    await proxy.pass();
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });
  after(async () => {
    await observer.end();
    await proxy.close();
  });

  function open(options: ResilientPoolOptions = {}): ResilientPool {
    // A circuit would end the retries of a server that refuses.
    const pool = new ResilientPool({
      connectionString: proxy.connectionString(database),
      max: 4,
      circuit: false,
      ...options,
    });
    pools.push(pool);
    return pool;
  }
  const runs = async () => {
    const { rows } = await observer.query<{ n: string }>('select nextval($1) - 1 as n', ['runs']);
    return Number(rows[0]?.n);
  };
  const cutAnswer = (times = 1) =>
    proxy.cutAfterMessage({
      direction: 'toClient',
      match: ({ type }) => type === 'C' || type === 'D',
      when: 'before',
      reset: true,
      times,
    });

  it('a statement that was undone for a reason that passes is sent again, in every form', async () => {
    const pool = open({ retry: { budgetPerSecond: 100 } });
    expect((await pool.query<{ flaky: string }>('select flaky(2)')).rows).to.deep.equal([{ flaky: '3' }]);
    await observer.query('alter sequence runs restart');
    const rows = await new Promise((resolve, reject) => {
      pool.query('select flaky(2)', (error: Error | undefined, result: pg.QueryResult) => {
        if (error == null) resolve(result.rows);
        else reject(error);
      });
    });
    expect(rows).to.deep.equal([{ flaky: '3' }]);
    await observer.query('alter sequence runs restart');
    const config = { text: 'select flaky($1)', values: [2], name: 'flaky' };
    expect((await pool.query(config)).rows).to.deep.equal([{ flaky: '3' }]);
  });

  it('three times, and then its error is told', async () => {
    const pool = open({ retry: { budgetPerSecond: 100 } });
    expect(await failureOf(pool.query('select flaky(100)'))).to.include({ code: '40001' });
    expect(await runs()).to.equal(4);
  });

  it('as often as is said, for one statement or for the pool', async () => {
    const pool = open({ retry: { retries: 1, budgetPerSecond: 100 } });
    await failureOf(pool.query('select flaky(100)'));
    expect(await runs()).to.equal(2);
    await failureOf(pool.executeWithRetry('select flaky(100)', [], { retries: 5 }));
    expect(await runs()).to.equal(2 + 1 + 6);
    await failureOf(open({ retry: false }).query('select flaky(100)'));
    expect(await runs()).to.equal(9 + 1 + 1);
  });

  it('a mistake is told at once', async () => {
    const pool = open();
    for (const text of ['selct 1', "select 'x'::int", 'select 1/0', 'select * from nowhere']) {
      const { ms } = await timed(() => failureOf(pool.query(text)));
      expect(ms, text).to.be.lessThan(200);
    }
  });

  it('a refused connection is tried again, and the caller hears nothing of it', async () => {
    const pool = open({ retry: { minDelayMs: 300, retries: 10, budgetPerSecond: 100 } });
    await proxy.refuse();
    setTimeout(() => void proxy.pass(), 150);
    expect((await pool.query('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
  });

  it('one that stays refused is told soon, and not after the time for acquiring', async () => {
    const pool = open();
    await proxy.refuse();
    const { ms, error } = await timed(() => pool.query('select 1'));
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error).to.include({ outcome: 'not-executed' });
    expect(ms).to.be.lessThan(4 * (50 + 100 + 200));
  });

  describe('a connection that the server itself refuses', () => {
    // Of a statement that was sent, these would leave the outcome open.
    const refusing = (failures: number): ResilientPoolOptions => ({
      onConnect: async (client) => {
        await client.query(`
          do $$ begin
            if nextval('runs') <= ${String(failures)} then
              raise exception 'going down' using errcode = '57P01';
            end if;
          end $$`);
      },
    });

    it('is opened again, whatever the statement would do', async () => {
      await open(refusing(2)).query('insert into written values (1)');
      expect((await observer.query('select from written')).rowCount).to.equal(1);
      expect(await runs()).to.be.at.least(3);
    });

    it('is opened again for a transaction', async () => {
      await observer.query('alter sequence runs restart');
      await open(refusing(2)).transaction((tx) => tx.query('insert into written values (1)'));
      expect((await observer.query('select from written')).rowCount).to.equal(1);
    });

    it('is told as it is, and is not taken for a lost statement', async () => {
      const pool = open({ ...refusing(1000), retry: false });
      const error = await failureOf(pool.query('insert into written values (1)'));
      expect(error).to.include({ code: '57P01' });
      expect(classify(error, 'statement')).to.include({ outcome: 'not-executed', retry: 'statement' });
    });
  });

  describe('a statement whose answer is lost', () => {
    it('is not sent again, whatever it looks like', async () => {
      const pool = open();
      for (const text of ["select nextval('runs')", 'insert into written values (1) returning id']) {
        await pool.query('select 1');
        cutAnswer();
        const error = await failureOf(pool.query(text));
        expect(error).to.be.instanceOf(ConnectionLostError);
        expect(error).to.include({ outcome: 'unknown', retryable: false });
      }
      expect(await runs()).to.equal(1);
      expect((await observer.query('select from written')).rowCount).to.equal(1);
    });

    for (const [what, run] of [
      [
        'executeWithRetry, idempotent',
        (p: ResilientPool) => p.executeWithRetry("select nextval('runs')", [], { idempotent: true }),
      ],
      [
        'executeWithRetry, readOnly',
        (p: ResilientPool) => p.executeWithRetry("select nextval('runs')", [], { readOnly: true }),
      ],
      [
        'a view that is idempotent',
        (p: ResilientPool) => p.withOptions({ idempotent: true }).query("select nextval('runs')"),
      ],
      [
        'a view that is readOnly',
        (p: ResilientPool) => p.withOptions({ readOnly: true }).query("select nextval('runs')"),
      ],
    ] as const) {
      it(`is sent again where that was declared: ${what}`, async () => {
        const pool = open();
        await pool.query('select 1');
        cutAnswer();
        await run(pool);
        expect(await runs()).to.equal(2);
      });
    }

    it('is sent again with retry: { selects: true } where it reads by its words, and else not', async () => {
      const pool = open({ retry: { selects: true } });
      await pool.query('select 1');
      cutAnswer();
      await pool.query("select nextval('runs')");
      expect(await runs()).to.equal(2);
      cutAnswer();
      await failureOf(pool.query('insert into written values (1) returning id'));
      expect((await observer.query('select from written')).rowCount).to.equal(1);
    });

    it('stays unknown where no later attempt could be made', async () => {
      const pool = open({ retry: { retries: 2 }, max: 1 });
      await pool.query('select 1');
      proxy.cutAfterMessage({
        direction: 'toClient',
        match: ({ type }) => {
          if (type !== 'C') return false;
          void proxy.refuse();
          return true;
        },
        when: 'before',
        reset: true,
      });
      // A function that is called by SELECT may write.
      const select = 'select pay()';
      const error = await failureOf(pool.executeWithRetry(select, [], { idempotent: true }));
      expect(error).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'unknown' });
      expect((await observer.query('select from written')).rowCount).to.equal(1);
    });
  });

  it('a procedure that may have committed a part is not called again', async () => {
    const pool = open();
    expect(await failureOf(pool.query('call partly()'))).to.include({ code: '40001' });
    expect((await observer.query('select from written')).rowCount).to.equal(1);
  });

  it('a Submittable is not submitted again', async () => {
    const pool = open();
    const error = await new Promise((resolve) => {
      // pg's types know the callback as a part of the config only.
      const Query = pg.Query as unknown as new (text: string, callback: (error: Error) => void) => pg.Submittable;
      void pool.query(new Query('select flaky(100)', resolve));
    });
    expect(error).to.include({ code: '40001' });
    await sleep(300);
    expect(await runs()).to.equal(1);
  });

  it('a statement on a client that is checked out is not sent again', async () => {
    const client = await open().connect();
    expect(await failureOf(client.query('select flaky(100)'))).to.include({ code: '40001' });
    client.release();
    expect(await runs()).to.equal(1);
  });

  it('ends with the deadline, and does not wait for it where that would be in vain', async () => {
    const pool = open({ retry: { minDelayMs: 10_000, maxDelayMs: 10_000, budgetPerSecond: 1000 } });
    const { ms, error } = await timed(() => runWithDeadline(200, () => pool.query('select flaky(100)')));
    expect(error).to.satisfy((e: { code: string }) => ['40001', 'DB_DEADLINE_EXCEEDED'].includes(e.code));
    expect(ms).to.be.lessThan(700);
  });

  it('ends when the signal is aborted', async () => {
    const pool = open({ retry: { minDelayMs: 10_000, maxDelayMs: 10_000, budgetPerSecond: 1000 } });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const { ms, error } = await timed(() => pool.withOptions({ signal: controller.signal }).query('select flaky(100)'));
    expect(error).to.satisfy((e: { code: string }) => ['40001', 'DB_CANCELLED'].includes(e.code));
    expect(ms).to.be.lessThan(1500);
  });

  it('ends when the pool is closed', async () => {
    const pool = open({ retry: { minDelayMs: 200, maxDelayMs: 200, retries: 100, budgetPerSecond: 1000 } });
    const failed = failureOf(pool.query('select flaky(1000)'));
    await sleep(50);
    await pool.end();
    const { ms, value } = await timed(() => failed);
    expect(value).to.satisfy((e: { code: string }) => ['40001', 'DB_SHUTTING_DOWN'].includes(e.code));
    expect(ms).to.be.lessThan(800);
  });

  for (const calls of [500, 20]) {
    it(`with half of ${String(calls)} statements failing, attempts stay within 1.2 x the calls + 3 a second`, async () => {
      const pool = open();
      await pool.query('select 1');
      const began = performance.now();
      await Promise.all(
        Array.from({ length: calls }, async (_, i) => {
          await sleep((i * 2000) / calls);
          await pool.query('select half()').catch(() => undefined);
        }),
      );
      const seconds = (performance.now() - began) / 1000;
      const attempts = await runs();
      expect(attempts, 'attempts').to.be.at.most(calls * 1.2 + 3 * seconds + 1);
      expect(attempts, 'attempts').to.be.greaterThan(calls);
    });
  }

  describe('withRetry', () => {
    it('repeats what a bare pg.Pool is refused, and what was undone', async () => {
      const bare = new pg.Pool({ connectionString: proxy.connectionString(database), max: 2 });
      bare.on('error', () => undefined);
      pools.push(bare);
      const db = withRetry(bare, { retries: 10, minDelayMs: 100, budgetPerSecond: 100 });
      expect((await db.query('select flaky($1)', [2])).rows).to.deep.equal([{ flaky: '3' }]);
      await observer.query('alter sequence runs restart');
      await proxy.refuse();
      proxy.reset();
      await sleep(50);
      setTimeout(() => void proxy.pass(), 100);
      expect((await db.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
    });

    it('repeats what may have run only where that is declared', async () => {
      const bare = new pg.Pool({ connectionString: proxy.connectionString(database), max: 2 });
      bare.on('error', () => undefined);
      pools.push(bare);
      for (const [idempotent, expected] of [
        [false, 1],
        // The count itself takes a number.
        [true, 1 + 1 + 2],
      ] as const) {
        const db = withRetry(bare, { idempotent });
        await db.query('select 1');
        cutAnswer();
        await db.query("select nextval('runs')").catch(() => undefined);
        expect(await runs()).to.equal(expected);
      }
    });

    it('does not multiply the retries of a ResilientPool', async () => {
      const db = withRetry(open({ retry: { budgetPerSecond: 100 } }), { retries: 2, budgetPerSecond: 100 });
      await failureOf(db.query('select flaky(100)'));
      expect(await runs()).to.equal(3);
    });

    it('has a budget of its own, where that of the pool is spent', async () => {
      const pool = open({ retry: { budgetPercent: 0, budgetPerSecond: 0 } });
      await failureOf(pool.query('select flaky(100)'));
      await failureOf(withRetry(pool, { retries: 2, budgetPerSecond: 100 }).query('select flaky(100)'));
      expect(await runs()).to.equal(1 + 3);
    });

    it('takes anything with a query method', async () => {
      let calls = 0;
      const db = withRetry({
        query: () => {
          calls += 1;
          if (calls < 3) throw Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
          return Promise.resolve({ rows: [calls] });
        },
      });
      expect(await db.query('select 1')).to.deep.equal({ rows: [3] });
    });

    it('refuses what it cannot work with', () => {
      const refused: [unknown, object, RegExp][] = [
        [null, {}, /received null; expected something with a query method/],
        [{}, {}, /received object; expected something with a query method/],
        [observer, { retires: 3 }, /did you mean "retry.retries"|did you mean "retries"/],
        [observer, { idempotent: 1 }, /"idempotent": received 1/],
        [observer, { budgetPercent: -1 }, /"retry.budgetPercent": received -1/],
      ];
      for (const [queryable, options, says] of refused) {
        expect(() => withRetry(queryable as pg.Pool, options)).to.throw(ConfigurationError, says);
      }
    });
  });

  it('executeWithRetry refuses options that are none', async () => {
    const error = await failureOf(open().executeWithRetry('select 1', [], { idempotnt: true } as object));
    expect(error).to.be.instanceOf(ConfigurationError);
    expect(error.message).to.match(/did you mean "idempotent"/);
  });
});
