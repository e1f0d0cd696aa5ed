import connectPgSimple from 'connect-pg-simple';
import { expect } from 'chai';
import session from 'express-session';
import { Logger, run } from 'graphile-worker';
import type { Runner } from 'graphile-worker';
import { detached } from '../../../../lib/index.js';
import { eventually } from '../../../support/settle.js';
import { failureOf } from '../../compat/failure-of.js';
import { testDatabase } from '../../compat/test-database.js';
import { versions } from '../versions.js';
import { closeServicesAfterEach, service } from './service.js';

const requestTimeoutMs = 200;
const PgStore = connectPgSimple(session);

for (const version of versions) {
  describe(`${version.name}: what begins after the answer`, () => {
    closeServicesAfterEach();

    for (const [how, answer] of [
      ['res.end', (res: { end(): void }) => res.end()],
      ['res.json', (res: { json(body: object): void }) => res.json({})],
    ] as const) {
      it(`has no deadline and is not cancelled (${how})`, async () => {
        const counts: unknown[] = [];
        const app = await service({ version, requestTimeoutMs }, ({ app: own, pool }) => {
          own.get('/', (req, res) => {
            answer(res);
            // Before its end has been written to the socket.
            void pool.query('select pg_sleep(0.5)').then((r) => counts.push(r.rowCount));
            const later = (ms: number, sleep: number, db: typeof pool) => {
              setTimeout(() => void db.query('select pg_sleep($1)', [sleep]).then((r) => counts.push(r.rowCount)), ms);
            };
            later(0, 0.5, req.db);
            later(0, 0.5, pool);
            later(400, 0.1, req.db);
          });
        });
        // Its connection is closed with the answer.
        expect((await app.call('/').answer).status).to.equal(200);
        await eventually(() => counts.length === 4, 5000, 'all are done');
        expect(counts).to.deep.equal([1, 1, 1, 1]);
      });
    }
  });
}

describe('what begins before the answer', () => {
  closeServicesAfterEach();

  it('has the deadline of its request still, and a client that has its answer does not cancel it', async () => {
    const failures: unknown[] = [];
    const app = await service({ requestTimeoutMs: 400 }, ({ app: own }) => {
      own.get('/', (req, res) => {
        void failureOf(req.db.query('select pg_sleep(20)')).then((failure) => failures.push(failure));
        res.json({});
      });
    });
    const { ms } = await app.call('/').answer;
    expect(ms).to.be.below(400);
    await eventually(() => failures.length === 1, 5000, 'it is ended');
    expect(failures[0]).to.have.property('code', 'DB_DEADLINE_EXCEEDED');
  });
});

describe("connect-pg-simple's prune timer", function () {
  this.timeout(30_000);

  const stores: InstanceType<typeof PgStore>[] = [];
  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
  });
  closeServicesAfterEach();

  for (const leaves of [false, true]) {
    it(`goes on after the request in which it started ${leaves ? 'was left by its client' : 'has had its answer'}`, async () => {
      const { connectionString } = await testDatabase();
      const logged: unknown[] = [];
      const app = await service({ connectionString, requestTimeoutMs }, ({ app: own, pool }) => {
        const store = new PgStore({
          pool,
          createTableIfMissing: true,
          pruneSessionInterval: 1,
          // Not in its types.
          ...{ pruneSessionRandomizedInterval: false },
          errorLog: (...args: unknown[]) => logged.push(args),
        });
        stores.push(store);
        own.use(session({ store, secret: 'for this test', resave: false, saveUninitialized: false }));
        own.get('/', (req, res, next) => {
          req.session.visits = 1;
          req.session.save((error: unknown) => {
            if (error != null) next(error);
            else if (leaves) res.flushHeaders();
            else res.json({});
          });
        });
      });
      const { answer, leave } = app.call('/', { onHead: () => leaves && leave() });
      if (!leaves) expect((await answer).status).to.equal(200);
      const table = async () => (await app.pool.query(`select to_regclass('session') as found`)).rows;
      await eventually(async () => JSON.stringify(await table()).includes('session'), 5000, 'there is a table');
      for (const sid of ['first', 'second']) {
        const { rows } = await app.pool.query<{ sid: string }>(
          `insert into session (sid, sess, expire) values ($1, '{}', now() - interval '1 hour') returning sid`,
          [sid],
        );
        expect(rows).to.deep.equal([{ sid }]);
        const left = async () => (await app.pool.query('select from session where sid = $1', [sid])).rowCount;
        await eventually(async () => (await left()) === 0, 5000, `the ${sid} expired session is gone`);
      }
      expect(logged).to.deep.equal([]);
    });
  }
});

describe('a job queue that is started in a request', function () {
  this.timeout(30_000);

  const runners: Runner[] = [];
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
  });
  closeServicesAfterEach();

  for (const leaves of [false, true]) {
    it(`goes on after the deadline of that request, ${leaves ? 'detached, and left by its client' : 'which has had its answer'}`, async () => {
      const { connectionString } = await testDatabase();
      const done: unknown[] = [];
      const failures: unknown[] = [];
      const app = await service({ connectionString, requestTimeoutMs: 2000, max: 6 }, ({ app: own, pool }) => {
        own.post('/', async (_req, res) => {
          const start = () =>
            run({
              pgPool: pool,
              taskList: {
                note: async (payload, helpers) => {
                  await helpers.query('select pg_sleep(0.1)');
                  done.push(payload);
                },
              },
              pollInterval: 500,
              noHandleSignals: true,
              logger: new Logger(() => (_level, message, meta) => {
                if (meta?.error !== undefined) failures.push(message);
              }),
            });
          // graphile-worker keeps a promise of its first read for good, and with it the refusal where a client had left.
          const runner = await (leaves ? detached(start) : start());
          runners.push(runner);
          if (leaves) res.flushHeaders();
          else res.json({});
        });
      });
      // graphile-worker warns on the console of a pool without them.
      app.pool.on('error', () => undefined);
      app.pool.on('connect', () => undefined);
      const { answer, leave } = app.call('/', { method: 'POST', onHead: () => leaves && leave() });
      if (!leaves) expect((await answer).status).to.equal(200);
      await eventually(() => runners.length === 1, 10_000, 'it runs');
      const [runner] = runners;
      await new Promise((resolve) => setTimeout(resolve, 2500));
      for (const n of [1, 2]) {
        await runner?.addJob('note', { n });
        await eventually(() => done.length === n, 5000, `job ${String(n)} is done`);
      }
      expect(done).to.deep.equal([{ n: 1 }, { n: 2 }]);
      expect(failures).to.deep.equal([]);
    });
  }
});
