import { createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { AcquireTimeoutError, ConnectionLostError } from '../../../../lib/index.js';
import { startFaultProxy, type FaultProxy } from '../../../../lib/testing/index.js';
import { sharedPostgres } from '../../../support/postgres.js';
import { backendOf } from '../backend-of.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../test-database.js';
import { expectSettled } from './expect-settled.js';
import { mainSubjects, type SharedOptions } from './subjects.js';

for (const subject of mainSubjects) {
  const ours = subject.resilient;

  describe(`failures: ${subject.name}`, () => {
    let database: TestDatabase;
    const pools: pg.Pool[] = [];

    before(async () => {
      database = await testDatabase();
    });

    afterEach(async () => {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
    });

    function create(options: SharedOptions) {
      const pool = subject.create({ connectionString: database.connectionString, min: 0, ...options });
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    }

    /** What is left asleep on the server afterwards is ended. */
    async function throughProxy(work: (connectionString: string, proxy: FaultProxy) => Promise<void>): Promise<void> {
      const proxy = await startFaultProxy({ target: await sharedPostgres() });
      try {
        await work(proxy.connectionString(database), proxy);
      } finally {
        await proxy.close();
        for (const pid of await sleepers()) await database.terminate(pid);
      }
    }

    async function sleepers(): Promise<number[]> {
      const busy = await database.busyBackends();
      return busy.filter(({ query }) => query.startsWith('select pg_sleep')).map(({ pid }) => pid);
    }

    describe('connecting', () => {
      it(`tells of a refused connection by ${ours ? "an error of its own, with the socket's as its cause" : "the socket's error"}`, async () => {
        const pool = subject.create({ host: '127.0.0.1', port: 1 });
        const failure = await failureOf(pool.connect());
        if (ours) {
          expect(failure).to.be.instanceOf(ConnectionLostError);
          expect(failure).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'not-executed' });
          expect(failure.cause).to.include({ code: 'ECONNREFUSED' });
          expect(failure.message).to.include('ECONNREFUSED');
        } else {
          expect(failure).to.include({ code: 'ECONNREFUSED' });
        }
        await pool.end();
      });

      for (const [what, change, code] of [
        ['an unknown database', (url: URL) => (url.pathname = '/nowhere'), '3D000'],
        ['a wrong password', (url: URL) => (url.password = 'wrong'), '28P01'],
      ] as const) {
        it(`tells of ${what} by the database's own error`, async () => {
          const url = new URL(database.connectionString);
          change(url);
          const pool = subject.create({ connectionString: url.href });
          const failure = await failureOf(pool.query('select 1'));
          expect(failure).to.be.instanceOf(pg.DatabaseError);
          expect(failure).to.include({ code });
          await pool.end();
        });
      }

      it('asks a function for the password of each connection', async () => {
        const { password, username, hostname, port } = new URL(database.connectionString);
        let asked = 0;
        const pool = subject.create({
          host: hostname,
          port: Number(port),
          user: username,
          database: database.name,
          min: 0,
          password: () => {
            asked += 1;
            return Promise.resolve(password);
          },
        });
        const clients = await Promise.all([pool.connect(), pool.connect()]);
        for (const client of clients) client.release();
        expect(asked).to.equal(2);
        await pool.end();
      });

      it(`tells of a connection that is lost in onConnect by ${ours ? 'an error of its own' : "the socket's error"}`, async () => {
        await throughProxy(async (connectionString, proxy) => {
          const onConnect = async (client: pg.ClientBase) => void (await client.query('select pg_sleep(3)'));
          const failed = failureOf(create({ connectionString, max: 1, onConnect }).connect());
          await eventually(async () => expect(await sleepers()).to.have.lengthOf(1));
          proxy.reset();
          const failure = await failed;
          if (ours) expect(failure).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'not-executed' });
          else expect(failure.message).to.match(/ECONNRESET|Connection terminated unexpectedly/);
        });
      });

      describe('to a server that does not answer', () => {
        let silent: Server;

        beforeEach(async () => {
          silent = createServer((socket) => socket.resume()).unref();
          await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
        });

        afterEach(() => silent.close());

        it(`ends after connectionTimeoutMillis with ${ours ? 'an AcquireTimeoutError' : 'an Error'}`, async () => {
          const { port } = silent.address() as AddressInfo;
          const pool = subject.create({ host: '127.0.0.1', port, connectionTimeoutMillis: 200 });
          const failure = await failureOf(pool.connect());
          if (ours) {
            expect(failure).to.be.instanceOf(AcquireTimeoutError);
            expect(failure).to.include({ code: 'DB_ACQUIRE_TIMEOUT', outcome: 'not-executed' });
          } else {
            expect(failure.message).to.equal('Connection terminated due to connection timeout');
          }
          await pool.end();
        });

        it('leaves nothing behind', async () => {
          const { port } = silent.address() as AddressInfo;
          const pool = subject.create({ host: '127.0.0.1', port, connectionTimeoutMillis: 100, min: 0 });
          await Promise.all(Array.from({ length: 15 }, () => failureOf(pool.connect())));
          await eventually(() => expect([pool.totalCount, pool.waitingCount]).to.deep.equal([0, 0]));
          await pool.end();
        });
      });
    });

    describe("the database's own errors", () => {
      it(`${ours ? 'cost no connection' : 'cost a connection each'} where the pool runs the statement`, async () => {
        const pool = create({ max: 1 });
        let connected = 0;
        pool.on('connect', () => (connected += 1));
        for (let n = 0; n < 5; n++) {
          const failure = await failureOf(pool.query('select 1 / 0'));
          expect(failure).to.be.instanceOf(pg.DatabaseError);
          expect(failure).to.include({ code: '22012', severity: 'ERROR' });
        }
        await pool.query('select 1');
        expect(connected).to.equal(ours ? 1 : 6);
      });

      it('leave a checked-out client usable', async () => {
        const pool = create({ max: 1 });
        const client = await pool.connect();
        expect(await failureOf(client.query('select 1 / 0'))).to.include({ code: '22012' });
        expect((await client.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
        client.release();
        await expectNothingCheckedOut(pool, database);
      });
    });

    describe('a connection that dies', () => {
      it(`fails the statement on it with ${ours ? 'ConnectionLostError, or the reason that the server gave' : 'what the socket or the server said'}`, async () => {
        await throughProxy(async (connectionString, proxy) => {
          const cut = failureOf(create({ connectionString, max: 1 }).query('select pg_sleep(3)'));
          await eventually(async () => expect(await sleepers()).to.have.lengthOf(1));
          proxy.reset();
          const failure = await cut;
          if (ours) {
            expect(failure).to.be.instanceOf(ConnectionLostError);
            expect(failure).to.include({ outcome: 'unknown' });
            expect(failure.cause).to.be.instanceOf(Error);
          } else {
            expect(failure.message).to.match(/ECONNRESET|Connection terminated unexpectedly/);
          }
        });
        const pool = create({ max: 1 });
        const ended = failureOf(pool.query('select pg_sleep(3)'));
        await eventually(async () => expect(await sleepers()).to.have.lengthOf(1));
        for (const pid of await sleepers()) await database.terminate(pid);
        expect(await ended).to.be.instanceOf(pg.DatabaseError);
        expect(await ended).to.include({ code: '57P01' });
        await expectNothingCheckedOut(pool, database);
      });

      it(`${ours ? 'does not keep' : 'keeps'} its place in the pool while it is not released`, async () => {
        const pool = create({ max: 1, connectionTimeoutMillis: 1000 });
        const client = await pool.connect();
        client.on('error', () => undefined);
        await database.terminate(backendOf(client));
        const next = await pool.query('select 1').catch((error: unknown) => error);
        if (ours) expect(next).not.to.be.instanceOf(Error);
        else expect((next as Error).message).to.equal('timeout exceeded when trying to connect');
        client.release();
      });

      it(`fails later statements on its client, ${ours ? 'with an outcome' : 'by a message'}`, async () => {
        const pool = create({ max: 1 });
        const client = await pool.connect();
        client.on('error', () => undefined);
        const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)));
        await database.terminate(backendOf(client));
        await ended;
        const failure = await failureOf(client.query('select 1'));
        if (ours) expect(failure).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'not-executed' });
        else expect(failure.message).to.include('not queryable');
        client.release();
      });

      it(`silently, while it is idle, ${ours ? 'is noticed before it is lent' : 'is lent'}`, async () => {
        await throughProxy(async (connectionString, proxy) => {
          const pool = create({
            connectionString,
            max: 1,
            ...(ours ? { pingAfterIdleMs: 100, pingTimeoutMs: 200 } : {}),
          });
          await pool.query('select 1');
          await sleep(200);
          proxy.blackHole();
          const next = pool.query('select 1');
          next.catch(() => undefined);
          await sleep(50);
          // The old connection has lost a message and stays dead; a new one works.
          await proxy.pass();
          await expectSettled(next, ours);
        });
      });
    });
  });
}
