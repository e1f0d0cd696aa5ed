import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { ResilientPool } from '../../../lib/index.js';
import { backendOf } from './backend-of.js';
import { eventually } from './eventually.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

describe('a client of a ResilientPool that listens', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let listener: pg.PoolClient;
  let heard: (string | undefined)[];

  before(async () => {
    database = await testDatabase();
    // The pool's own time-out is 300 ms; the server's, behind it, 1500 ms.
    pool = new ResilientPool({
      connectionString: database.connectionString,
      max: 3,
      queryTimeoutMs: 300,
      cancelGraceMs: 200,
      drainTimeoutMs: 1000,
      idleTimeoutMillis: 100,
      maxLifetimeSeconds: 1,
    });
  });

  beforeEach(async () => {
    heard = [];
    listener = await pool.connect();
    listener.on('notification', ({ payload }) => heard.push(payload));
    await listener.query('listen news');
  });

  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  it('hears what others say while they come and go, long after every time-out and lifetime', async () => {
    const said: string[] = [];
    for (let n = 0; n < 30; n++) {
      said.push(`number ${String(n)}`);
      await pool.query('select pg_notify($1, $2)', ['news', `number ${String(n)}`]);
      await sleep(80);
    }
    await eventually(() => expect(heard).to.deep.equal(said));
    listener.release();
  });

  it('works as a client beside that', async () => {
    await listener.query('begin');
    await listener.query("notify news, 'kept back'");
    await listener.query('rollback');
    await listener.query("notify news, 'told'");
    await eventually(() => expect(heard).to.deep.equal(['told']));
    await listener.query('unlisten *');
    await listener.query("notify news, 'unheard'");
    expect(heard).to.deep.equal(['told']);
    listener.release();
  });

  it("tells its user by 'error' and 'end' that its connection has died", async () => {
    const errors: Error[] = [];
    const poolErrors: Error[] = [];
    listener.on('error', (error) => errors.push(error));
    pool.on('error', (error) => poolErrors.push(error));
    const ended = new Promise<void>((resolve) => listener.once('end', resolve));
    await database.terminate(backendOf(listener));
    await ended;
    expect(errors[0]).to.include({ code: '57P01' });
    expect(poolErrors, 'the pool speaks of idle connections only').to.deep.equal([]);
    listener.release();
  });

  it('does not end the process when nobody listens to its error', async () => {
    const ended = new Promise<void>((resolve) => listener.once('end', resolve));
    await database.terminate(backendOf(listener));
    await ended;
    listener.release();
    expect((await pool.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
  });

  it('does not hold its place in the pool once it is dead, even where it is never released', async () => {
    const ended = new Promise<void>((resolve) => listener.once('end', resolve));
    await database.terminate(backendOf(listener));
    await ended;
    const all = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    for (const client of all) client.release();
  });
});
