import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Request } from 'express';
import { dbResilience } from '../../../../lib/index.js';
import type { ResilientPool } from '../../../../lib/index.js';
import { sharedPostgres } from '../../../support/postgres.js';
import { eventually } from '../../../support/settle.js';
import { failureOf } from '../../compat/failure-of.js';
import { versions } from '../versions.js';
import { expectDeadline } from './expect-deadline.js';
import { closeServicesAfterEach, service } from './service.js';

const shortMs = 250;
const slow = 'select pg_sleep(0.6)';

/** Runs what is pushed outside of every request, as a batching library does that flushes by a timer of its own. */
class Elsewhere extends EventEmitter {
  readonly #waiting: (() => void)[] = [];
  readonly #timer = setInterval(() => this.#flush(), 5);

  push(work: () => void): void {
    this.#waiting.push(work);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #flush(): void {
    for (const work of this.#waiting.splice(0)) work();
    this.emit('flushed');
  }
}

describe('req.db where the context was lost', () => {
  let elsewhere: Elsewhere;

  beforeEach(() => {
    elsewhere = new Elsewhere();
  });
  afterEach(() => elsewhere.close());
  closeServicesAfterEach();

  for (const [where, run] of [
    ['a callback that was registered outside', (work: () => void) => elsewhere.push(work)],
    ['a listener', (work: () => void) => elsewhere.once('flushed', work)],
  ] as const) {
    it(`has the deadline of its request still, in ${where}`, async () => {
      const counts: unknown[] = [];
      const app = await service({ requestTimeoutMs: shortMs }, ({ app: own, pool }) => {
        own.get('/', (req, _res, next) => {
          run(() => {
            // It shows that the context is lost indeed: nothing binds the pool itself.
            void pool.query(slow).then(({ rowCount }) => counts.push(rowCount));
            req.db.query(slow).then(() => next(), next);
          });
        });
      });
      expectDeadline(await app.call('/').answer, shortMs);
      await eventually(() => counts.length === 1, 5000, 'the other one is done');
    });
  }

  it('has the deadline of its request on a client that it has checked out', async () => {
    const app = await service({ requestTimeoutMs: shortMs }, ({ app: own }) => {
      own.get('/', (req, _res, next) => {
        elsewhere.push(() => {
          req.db.connect((error, client, done) => {
            if (client === undefined) return next(error);
            elsewhere.push(() => {
              client
                .query(slow)
                .then(() => next(), next)
                .finally(() => done());
            });
          });
        });
      });
    });
    expectDeadline(await app.call('/').answer, shortMs);
  });

  it('is cancelled where the client of its own request leaves', async () => {
    const failures: Error[] = [];
    const app = await service({}, ({ app: own }) => {
      own.get('/', (req) => {
        elsewhere.push(() => void failureOf(req.db.query('select pg_sleep(20)')).then((error) => failures.push(error)));
      });
    });
    const { leave } = app.call('/');
    await app.runs('pg_sleep(20)');
    leave();
    await eventually(() => failures.length === 1, 1000, 'it is ended');
    expect(failures[0]).to.have.property('name', 'CancelledError');
  });

  it('has the deadline of its own request in the middle of another', async () => {
    const parked: (() => void)[] = [];
    const app = await service({ requestTimeoutMs: 20_000 }, ({ app: own, resilience }) => {
      own.get(['/short', '/long'], (req, res, next) => {
        if (req.path === '/short') resilience.deadline(shortMs)(req, res, () => undefined);
        parked.push(() => {
          req.db.query(slow).then(() => res.json({}), next);
        });
      });
      own.get('/runs/:ms', (req, res) => {
        resilience.deadline(Number(req.params.ms))(req, res, () => undefined);
        for (const work of parked.splice(0)) work();
        setTimeout(() => res.json({}), 100);
      });
    });
    for (const [path, runs] of [
      ['/short', '/runs/20000'],
      ['/long', '/runs/250'],
    ] as const) {
      const parkedCall = app.call(path);
      await eventually(() => parked.length === 1, 5000, 'it waits');
      expect((await app.call(runs).answer).status).to.equal(200);
      const answer = await parkedCall.answer;
      if (path === '/short') expectDeadline(answer, shortMs);
      else expect(answer.status).to.equal(200);
    }
  });

  it('binds nothing once its request has had its answer', async () => {
    const counts: unknown[] = [];
    const app = await service({ requestTimeoutMs: shortMs }, ({ app: own }) => {
      own.get('/', (req, res) => {
        res.json({});
        elsewhere.push(() => void req.db.query(slow).then(({ rowCount }) => counts.push(rowCount)));
      });
    });
    await app.call('/').answer;
    await eventually(() => counts.length === 1, 5000, 'it is done');
  });
});

for (const version of versions) {
  describe(`${version.name}: several databases in a request`, () => {
    closeServicesAfterEach();

    for (const [first, second] of [
      [shortMs, 20_000],
      [20_000, shortMs],
      [false, shortMs],
    ] as const) {
      it(`have one deadline, the shorter one: ${String(first)} and ${String(second)}`, async () => {
        const { connectionString } = await sharedPostgres();
        const billing = dbResilience({
          connectionString,
          name: 'billing',
          property: 'billingDb',
          requestTimeoutMs: second,
        });
        const app = await service({ version, requestTimeoutMs: first }, ({ app: own, route }) => {
          own.use(billing);
          own.get(
            '/db',
            route(async (req) => void (await req.db.query('select pg_sleep(10)'))),
          );
          own.get(
            '/billingDb',
            route(async (req) => void (await billingOf(req).query('select pg_sleep(10)'))),
          );
          own.get(
            '/both',
            route(async (req) => {
              await req.db.query('select pg_sleep(0.15)');
              await billingOf(req).query('select pg_sleep(10)');
            }),
          );
        });
        for (const path of ['/db', '/billingDb', '/both']) expectDeadline(await app.call(path).answer, shortMs);
        await billing.close();
      });
    }

    it('have one client, who leaves both', async () => {
      const names: string[] = [];
      const { connectionString } = await sharedPostgres();
      const billing = dbResilience({ connectionString, name: 'billing', property: 'billingDb' });
      const app = await service({ version }, ({ app: own, route }) => {
        own.use(billing);
        own.get(
          '/',
          route(async (req) => {
            const failures = [req.db, billingOf(req)].map((db) => failureOf(db.query('select pg_sleep(20)')));
            for (const { name } of await Promise.all(failures)) names.push(name);
          }),
        );
      });
      const { leave } = app.call('/');
      await app.runs('pg_sleep(20)');
      leave();
      await eventually(() => names.length === 2, 5000, 'both are ended');
      expect(names).to.deep.equal(['CancelledError', 'CancelledError']);
      await billing.close();
    });
  });

  describe(`${version.name}: dbResilience mounted twice`, () => {
    closeServicesAfterEach();

    it('is the same req.db with the same deadline', async () => {
      let same = false;
      const app = await service({ version, requestTimeoutMs: shortMs }, ({ app: own, route, resilience }) => {
        own.use((req, res, next) => {
          const { db } = req;
          setTimeout(() => {
            resilience(req, res, () => {
              same = req.db === db;
              next();
            });
          }, 100);
        });
        own.get(
          '/',
          route(async (req) => void (await req.db.query('select pg_sleep(10)'))),
        );
        own.get('/lifted', resilience.deadline(20_000), resilience as never, (req, res, next) => {
          req.db.query(slow).then(() => res.json({}), next);
        });
      });
      expectDeadline(await app.call('/').answer, shortMs);
      expect(same).to.equal(true);
    });
  });
}

function billingOf(req: Request): ResilientPool {
  return (req as unknown as { billingDb: ResilientPool }).billingDb;
}
