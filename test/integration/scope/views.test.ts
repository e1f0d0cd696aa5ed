import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import pg from 'pg';
import { CancelledError, ConfigurationError, QueryTimeoutError, ResilientPool } from '../../../lib/index.js';
import { eventually } from '../compat/eventually.js';
import { failureOf } from '../compat/failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../compat/test-database.js';
import { timed } from './timed.js';

describe('pool.withOptions', () => {
  let database: TestDatabase;
  let pool: ResilientPool;

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 1, cancelGraceMs: 500 });
    await pool.query('create table written (id int)');
  });

  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  describe('a view', () => {
    it('is a pool to whatever takes one', async () => {
      const view = pool.withOptions({ timeoutMs: 1000 });
      expect(view).to.be.instanceOf(pg.Pool).and.instanceOf(ResilientPool);
      expect((await view.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
      const client = await view.connect();
      expect([view.totalCount, view.idleCount, view.waitingCount, view.name]).to.deep.equal([1, 0, 0, 'primary']);
      client.release();
      expect(view.options.max).to.equal(1);
      await new Promise<void>((resolve, reject) =>
        view.query('select 1', (error) => (error ? reject(error) : resolve())),
      );
    });

    it("has the pool's listeners, and gives it its own", () => {
      const view = pool.withOptions({});
      const calls: string[] = [];
      const onView = () => calls.push('view');
      view.on('acquire', onView);
      pool.emit('acquire', undefined);
      expect(pool.listenerCount('acquire')).to.equal(1);
      view.removeListener('acquire', onView);
      expect([pool.listenerCount('acquire'), view.listenerCount('acquire')]).to.deep.equal([0, 0]);
      const onPool = () => calls.push('pool');
      pool.once('release', onPool);
      view.emit('release', undefined, undefined);
      expect(calls).to.deep.equal(['view', 'pool']);
      expect(pool.listenerCount('release')).to.equal(0);
    });

    it('of a view has the options of both', async () => {
      const view = pool.withOptions({ timeoutMs: 100 }).withOptions({ signal: new AbortController().signal });
      expect(await failureOf(view.query('select pg_sleep(5)'))).to.be.instanceOf(QueryTimeoutError);
    });

    it('ends the pool', async () => {
      const other = new ResilientPool({ connectionString: database.connectionString, max: 1 });
      await other.withOptions({}).end();
      expect([other.ending, other.ended]).to.deep.equal([true, true]);
      expect(await failureOf(other.query('select 1'))).to.include({ code: 'DB_SHUTTING_DOWN' });
    });

    it('refuses nonsense by name', () => {
      const nonsense: [object, string][] = [
        [{ timeoutMs: 0 }, 'timeoutMs'],
        [{ timeoutMs: '100' }, 'timeoutMs'],
        [{ signal: {} }, 'signal'],
        [{ deadline: 5 }, 'deadline'],
      ];
      for (const [options, name] of nonsense) {
        expect(() => pool.withOptions(options)).to.throw(ConfigurationError, name);
      }
      expect(() => pool.withOptions('fast' as never)).to.throw(ConfigurationError);
    });
  });

  it('timeoutMs: bounds statements, those of clients that are checked out through it, and no others', async () => {
    const view = pool.withOptions({ timeoutMs: 100 });
    expect(await failureOf(view.query('select pg_sleep(5)'))).to.include({ code: 'DB_QUERY_TIMEOUT', timeoutMs: 100 });
    const client = await view.connect();
    expect(await failureOf(client.query('select pg_sleep(5)'))).to.include({ timeoutMs: 100 });
    client.release();
    await pool.query('select pg_sleep(0.2)');
    const other = await pool.connect();
    await other.query('select pg_sleep(0.2)');
    other.release();
  });

  describe('signal', () => {
    let controller: AbortController;
    let view: ResilientPool;

    beforeEach(() => {
      controller = new AbortController();
      view = pool.withOptions({ signal: controller.signal });
    });

    it('that was aborted already: nothing is sent', async () => {
      controller.abort(new Error('own reason'));
      const error = await failureOf(view.query('insert into written values (1)'));
      expect(error).to.be.instanceOf(CancelledError);
      expect(error).to.include({ outcome: 'not-executed', retryable: false });
      expect(error.cause).to.have.property('message', 'own reason');
      expect(await failureOf(view.connect())).to.be.instanceOf(CancelledError);
      expect((await pool.query('select from written')).rowCount).to.equal(0);
    });

    it('ends a wait for a connection', async () => {
      const client = await pool.connect();
      setTimeout(() => controller.abort(), 50);
      const [query, connect] = await Promise.all([
        timed(() => view.query('insert into written values (2)')),
        timed(() => view.connect()),
      ]);
      for (const { error, ms } of [query, connect]) {
        expect(error).to.be.instanceOf(CancelledError);
        expect(error).to.include({ outcome: 'not-executed' });
        expect(ms).to.be.within(45, 450);
      }
      client.release();
    });

    it('cancels a running statement on the server, a write too', async () => {
      setTimeout(() => controller.abort(), 50);
      const { error, ms } = await timed(() => view.query('insert into written select 3 from pg_sleep(5)'));
      expect(error).to.be.instanceOf(CancelledError);
      expect(error).to.include({ outcome: 'rolled-back' });
      expect(ms).to.be.within(45, 1050);
      await eventually(async () => expect(await database.busyBackends()).to.deep.equal([]), 500);
    });

    it('does not cancel a COMMIT: its caller is told that its outcome is unknown, and it takes place', async () => {
      await pool.query(`
        create function slow_check() returns trigger language plpgsql as 'begin perform pg_sleep(1); return null; end';
        create table slowly_committed (id int);
        create constraint trigger slow_check after insert on slowly_committed
          deferrable initially deferred for each row execute function slow_check()`);
      const commit = timed(() => view.query('begin; insert into slowly_committed values (1); commit'));
      await eventually(async () => expect(await database.busyBackends()).to.have.lengthOf(1));
      const aborted = performance.now();
      controller.abort();
      const { error } = await commit;
      expect(error).to.be.instanceOf(CancelledError);
      expect(error).to.include({ outcome: 'unknown' });
      expect(performance.now() - aborted, 'before it is done').to.be.below(1000);
      await eventually(async () => {
        expect((await pool.query('select from slowly_committed')).rowCount).to.equal(1);
      });
    });

    it('leaves a client alone that was checked out before it was aborted', async () => {
      const client = await view.connect();
      controller.abort();
      expect((await client.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
      client.release();
    });

    it('aborted after the answer does nothing, and no listener stays on it', async () => {
      for (let i = 0; i < 20; i++) await view.query('select 1');
      (await view.connect()).release();
      await failureOf(view.query('select 1/0'));
      const client = await pool.connect();
      const waited = view.query('select 1');
      client.release();
      await waited;
      await new Promise<void>((resolve) => void view.query(new pg.Query('select 1', [], () => resolve())));
      await eventually(() => expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0));
      controller.abort();
      await pool.query('select 1');
    });
  });
});
