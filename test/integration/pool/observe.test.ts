import { expect } from 'chai';
import {
  CircuitOpenError,
  DbResilienceError,
  ResilientPool,
  runWithDeadline,
  withTimeout,
} from '../../../lib/index.js';
import type { ResilientPoolOptions } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';

describe("mode: 'observe'", () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let lines: Record<string, unknown>[];

  before(async () => {
    database = await testDatabase();
  });
  afterEach(() => pool.end());

  function open(options: ResilientPoolOptions = {}): void {
    lines = [];
    const log = (fields: object, message: string) => void lines.push({ ...fields, message });
    const logger = { debug: log, info: log, warn: log, error: log };
    pool = new ResilientPool({ connectionString: database.connectionString, mode: 'observe', logger, ...options });
  }

  const told = (what: string) => lines.filter((line) => line.would_be === what);

  it('lets a wait for a connection and a statement take their time, and tells', async () => {
    open({ max: 1, acquireTimeoutMs: 500, queryTimeoutMs: 600 });
    const first = pool.query('select pg_sleep(1.2)');
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await first;
    expect(pool.describe().wouldBe).to.include({ 'acquire-timeout': 1, 'query-timeout': 1 });
    expect(told('acquire-timeout')[0]).to.include({ pool: 'primary', count: 1, total: 1 });
    expect(told('query-timeout')[0]?.message).to.match(/^Observed only: .*queryTimeoutMs/);
  });

  it('sets no time-out on the server either', async () => {
    open();
    expect((await pool.query('show statement_timeout')).rows).to.deep.equal([{ statement_timeout: '0' }]);
  });

  it('sends nothing again', async () => {
    open();
    const raise = `create or replace function pg_temp.fail() returns int language plpgsql as
      $$ begin raise exception 'no' using errcode = '40001'; end $$`;
    await pool.query(`${raise}; select 1`);
    expect(await failureOf(pool.query('select pg_temp.fail()'))).to.have.property('code', '40001');
    expect(pool.describe().wouldBe.retry).to.equal(1);
  });

  it("keeps the time-outs that were set by pg's names, with pg's words", async () => {
    open({ max: 1, connectionTimeoutMillis: 150, query_timeout: 400 });
    const slow = failureOf(pool.query('select pg_sleep(5)'));
    expect((await failureOf(pool.query('select 1'))).message).to.equal('timeout exceeded when trying to connect');
    const error = await slow;
    expect(error.message).to.equal('Query read timeout');
    expect(DbResilienceError.is(error)).to.equal(false);
    expect(pool.describe().wouldBe).to.include({ 'acquire-timeout': 0, 'query-timeout': 0 });
  });

  it("tells lost connections, refused ones and a closed pool in pg's words, to promises and callbacks", async () => {
    const { hostname, port } = new URL(database.connectionString);
    const proxy = await startFaultProxy({ target: { host: hostname, port: Number(port) } });
    open({ connectionString: proxy.connectionString(database) });
    const client = await pool.connect();
    const lost = [
      failureOf(pool.query('select pg_sleep(5)')),
      failureOf(client.query('select pg_sleep(5)')),
      new Promise((resolve) => pool.query('select pg_sleep(5)', (error: Error | undefined) => resolve(error))),
    ];
    await eventually(async () => (await database.busyBackends()).length === 3, 5000, 'three statements run');
    proxy.reset();
    for (const error of await Promise.all(lost)) {
      expect(DbResilienceError.is(error)).to.equal(false);
      expect((error as Error).message).to.match(/terminated unexpectedly|ECONNRESET/);
    }
    client.release(true);
    await proxy.refuse();
    await eventually(() => pool.totalCount === 0, 5000, 'the pool is empty');
    for (const error of [await failureOf(pool.connect()), await failureOf(pool.query('select 1'))]) {
      expect(error).to.include({ code: 'ECONNREFUSED' });
    }
    await pool.end();
    await proxy.close();
    expect((await failureOf(pool.query('select 1'))).message).to.equal(
      'Cannot use a pool after calling end on the pool',
    );
  });

  it('does what is asked for by hand', async () => {
    open({ max: 2, queryTimeoutMs: 50 });
    const hasty = pool.withOptions({ timeoutMs: 100 });
    expect(await failureOf(hasty.query('select pg_sleep(5)'))).to.have.property('code', 'DB_QUERY_TIMEOUT');
    expect(await failureOf(withTimeout(pool, 100).query('select pg_sleep(5)'))).to.have.property(
      'code',
      'DB_QUERY_TIMEOUT',
    );
    const late = runWithDeadline(100, () => pool.query('select pg_sleep(5)'));
    expect(await failureOf(late)).to.have.property('code', 'DB_DEADLINE_EXCEEDED');
    const left = pool.withOptions({ signal: AbortSignal.timeout(100) });
    expect(await failureOf(left.query('select pg_sleep(5)'))).to.have.property('code', 'DB_CANCELLED');
    expect(await pool.transaction(async (tx) => (await tx.query('select pg_sleep(0.1)')).rowCount)).to.equal(1);
    pool.circuit.isolate();
    expect(await failureOf(pool.query('select 1'))).to.be.an.instanceOf(CircuitOpenError);
    pool.circuit.resume();
    await pool.query('select 1');
  });

  it('logs the first of each kind at once, and the others of a second in one line', async () => {
    open({ max: 1, acquireTimeoutMs: 500 });
    const busy = pool.query('select pg_sleep(0.9)');
    await Promise.all([busy, ...Array.from({ length: 5 }, () => pool.query('select 1'))]);
    await pool.end();
    expect(told('acquire-timeout').map(({ count, total }) => [count, total])).to.deep.equal([
      [1, 1],
      [4, 5],
    ]);
  });

  it('changes nothing where its log throws', async () => {
    const log = () => {
      throw new Error('the log is full');
    };
    open({ max: 1, acquireTimeoutMs: 500, logger: { debug: log, info: log, warn: log, error: log } });
    const busy = pool.query('select pg_sleep(0.9)');
    const rows = await Promise.all([1, 2].map(async () => (await pool.query('select 1 as one')).rows as unknown));
    expect(rows).to.deep.equal([[{ one: 1 }], [{ one: 1 }]]);
    await busy;
    expect(pool.describe().wouldBe['acquire-timeout']).to.equal(2);
  });

  it('is refused where it is neither enforce nor observe', () => {
    open();
    expect(() => new ResilientPool({ mode: 'dry-run' as 'observe' })).to.throw(
      'Option "mode": received "dry-run"; expected "enforce" or "observe"',
    );
  });
});
