import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { backendOf } from '../backend-of.js';
import { ResilientPool } from '../../../../lib/index.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../test-database.js';
import { expectSettled } from './expect-settled.js';
import { subjects } from './subjects.js';

for (const subject of subjects) {
  const ours = subject.resilient;

  describe(`connect and release: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;

    before(async () => {
      database = await testDatabase();
    });

    beforeEach(() => {
      pool = subject.create({ connectionString: database.connectionString, max: 2, min: 0 });
    });

    afterEach(async () => {
      await expectNothingCheckedOut(pool, database);
      await pool.end();
    });

    it('gives a client of the given pg by a promise', async () => {
      const client = await pool.connect();
      expect(client).to.be.instanceOf(subject.pg.Client);
      expect(client).to.have.property('release').that.is.a('function');
      expect(client.getTransactionStatus()).to.equal('I');
      expect((await client.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
      client.release();
    });

    it('gives error, client and release to a callback', async () => {
      const [error, client, release] = await new Promise<Parameters<ConnectCallback>>((resolve) => {
        const returned: unknown = pool.connect((...args) => {
          expect(returned).to.equal(undefined);
          resolve(args);
        });
      });
      expect(error).to.equal(undefined);
      expect(client).to.be.instanceOf(subject.pg.Client);
      expect(client).to.have.property('release', release);
      release();
    });

    it('calls back with an error, no client and a release that does nothing', async () => {
      const nowhere = subject.create({ host: '127.0.0.1', port: 1 });
      const [error, client, release] = await new Promise<Parameters<ConnectCallback>>((resolve) => {
        nowhere.connect((...args) => resolve(args));
      });
      expect(error).to.be.instanceOf(Error);
      expect(client).to.equal(undefined);
      release();
      await nowhere.end();
    });

    it('never calls back before it has returned', async () => {
      (await pool.connect()).release();
      let returned = false;
      const called = new Promise<boolean>((resolve) => {
        pool.connect((_error, client) => {
          client?.release();
          resolve(returned);
        });
      });
      returned = true;
      expect(await called).to.equal(true);
    });

    it('lends the client that came back last', async () => {
      const [first, second] = [await pool.connect(), await pool.connect()];
      second.release();
      first.release();
      const next = await pool.connect();
      next.release();
      expect(next).to.equal(first);
    });

    it('gives a returned client to the one who has waited longest', async () => {
      const clients = [await pool.connect(), await pool.connect()];
      const order: string[] = [];
      const waiting = ['first', 'second', 'third'].map(async (name) => {
        const client = await pool.connect();
        order.push(name);
        client.release();
      });
      for (const client of clients) client.release();
      await Promise.all(waiting);
      expect(order).to.deep.equal(['first', 'second', 'third']);
    });

    for (const kept of [undefined, null, false, 0, '']) {
      it(`keeps a connection that is released with ${JSON.stringify(kept) ?? 'undefined'}`, async () => {
        const client = await pool.connect();
        client.release(kept as undefined);
        await sleep(50);
        const next = await pool.connect();
        next.release();
        expect(backendOf(next)).to.equal(backendOf(client));
      });
    }

    for (const closing of [true, new Error('spoilt'), 'spoilt']) {
      it(`closes a connection that is released with ${closing instanceof Error ? 'an error' : JSON.stringify(closing)}`, async () => {
        const client = await pool.connect();
        const removed = new Promise((resolve) => pool.once('remove', resolve));
        client.release(closing as true);
        expect(await removed).to.equal(client);
        const next = await pool.connect();
        next.release();
        expect(backendOf(next)).not.to.equal(backendOf(client));
      });
    }

    it('refuses a second release, each time', async () => {
      const client = await pool.connect();
      client.release();
      for (let n = 0; n < 2; n++) {
        expect(() => client.release()).to.throw(
          'Release called on client which has already been released to the pool.',
        );
      }
    });

    it('refuses a second release in the callback form', (done) => {
      pool.connect((_error, _client, release) => {
        release();
        expect(() => void release()).to.throw('Release called on client which has already been released to the pool.');
        done();
      });
    });

    it('goes on after a borrower has ended its client', async () => {
      const client = await pool.connect();
      await client.end();
      client.release();
      expect((await pool.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
    });

    it('leaves listeners and marks on a client from one borrower to the next', async () => {
      const notices: (string | undefined)[] = [];
      const client = await pool.connect();
      client.on('notice', (notice) => notices.push(notice.message));
      Object.assign(client, { mark: 'mine' });
      client.release();
      const next = await pool.connect();
      await next.query("do $$ begin raise notice 'heard'; end $$");
      next.release();
      expect(next).to.include({ mark: 'mine' });
      expect(notices).to.deep.equal(['heard']);
    });

    it(
      ours ? 'refuses statements on a client that was released' : 'runs statements on a client that was released',
      async () => {
        const client = await pool.connect();
        client.release();
        if (ours) {
          expect((await failureOf(client.query('select 1'))).message).to.include('released');
          const [error] = await new Promise<unknown[]>((resolve) => {
            client.query('select 1', (...args) => resolve(args));
          });
          expect(error).to.be.instanceOf(Error);
        } else {
          expect((await client.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
        }
      },
    );

    it('runs statements on a client that was released once it is lent again', async () => {
      const client = await pool.connect();
      client.release();
      const next = await pool.connect();
      expect(next).to.equal(client);
      expect((await client.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
      next.release();
    });

    it(
      ours
        ? 'lends a client released in mid-statement when that statement is done'
        : 'lends a client released in mid-statement, whose statement the next borrower waits for',
      async () => {
        const own = subject.create({ connectionString: database.connectionString, max: 1, min: 0 });
        const client = await own.connect();
        const sleeping = client.query('select pg_sleep(1)');
        client.release();
        const started = performance.now();
        const next = await own.connect();
        const waited = performance.now() - started;
        await next.query('select 1');
        next.release();
        await sleeping;
        if (ours) expect(waited).to.be.above(800);
        else expect(waited).to.be.below(500);
        await own.end();
      },
    );

    it(
      ours
        ? 'closes a connection that is released within a transaction'
        : 'lends a connection that was released within a transaction to the next borrower, who is in it',
      async () => {
        const client = await pool.connect();
        await client.query('begin');
        client.release();
        await sleep(50);
        const next = await pool.connect();
        const status = next.getTransactionStatus();
        if (!ours) await next.query('rollback');
        next.release();
        expect(status).to.equal(ours ? 'I' : 'T');
        expect(next === client).to.equal(!ours);
      },
    );

    it('leaves the session as its borrower has set it', async () => {
      const client = await pool.connect();
      await client.query("set application_name = 'changed'");
      client.release();
      const { rows } = await pool.query<{ application_name: string }>('show application_name');
      expect(rows).to.deep.equal([{ application_name: 'changed' }]);
    });

    it('runs the statements of a client one after the other', async () => {
      const client = await pool.connect();
      const order: number[] = [];
      await Promise.all(
        [0.05, 0.01, 0].map(async (seconds, n) => {
          await client.query('select pg_sleep($1)', [seconds]);
          order.push(n);
        }),
      );
      client.release();
      expect(order).to.deep.equal([0, 1, 2]);
    });

    it(
      ours
        ? 'gives a call whatever connection comes first'
        : 'leaves a call waiting for the connection that is being opened for it while another becomes free',
      async () => {
        let held: (() => void) | undefined;
        const gate = new Promise<void>((resolve) => (held = resolve));
        let opened = 0;
        const own = subject.create({
          connectionString: database.connectionString,
          max: 2,
          min: 0,
          onConnect: () => {
            opened += 1;
            return opened === 2 ? gate : undefined;
          },
        });
        const first = await own.connect();
        const second = own.connect();
        first.release();
        await expectSettled(second, ours);
        held?.();
        (await second).release();
        await expectNothingCheckedOut(own, database);
        await own.end();
      },
    );
  });
}

describe('connect and release: the logger of a ResilientPool', () => {
  it('is told of a connection that was closed because it came back unclean, or died idle', async () => {
    const database = await testDatabase();
    const warnings: string[] = [];
    const ignore = (): void => undefined;
    const pool = new ResilientPool({
      connectionString: database.connectionString,
      min: 0,
      logger: { debug: ignore, info: ignore, error: ignore, warn: (_fields, message) => warnings.push(message) },
    });
    const unclean = await pool.connect();
    await unclean.query('begin');
    unclean.release();
    await eventually(() => expect(warnings).to.deep.equal(['A connection was closed instead of being used again']));
    const idle = await pool.connect();
    idle.release();
    await database.terminate(backendOf(idle));
    await eventually(() => expect(warnings.slice(1)).to.deep.equal(['An idle connection was lost']));
    await pool.end();
  });
});

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;
