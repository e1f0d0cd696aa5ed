import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigurationError, dbResilience } from '../../../../lib/index.js';
import { sharedPostgres } from '../../../support/postgres.js';
import { versions } from '../versions.js';
import { expectDeadline } from './expect-deadline.js';
import { closeServicesAfterEach, service } from './service.js';

for (const version of versions) {
  describe(`${version.name}: resilience.deadline`, () => {
    closeServicesAfterEach();

    it('shortens the deadline of a route', async () => {
      const app = await service({ version, requestTimeoutMs: 20_000 }, ({ app, route, resilience }) => {
        app.get(
          '/',
          resilience.deadline(250),
          route(async (req) => void (await req.db.query('select pg_sleep(10)'))),
        );
      });
      expectDeadline(await app.call('/').answer, 250);
    });

    for (const ms of [20_000, false] as const) {
      it(ms === false ? 'lifts it' : 'lengthens it', async () => {
        const app = await service({ version, requestTimeoutMs: 250 }, ({ app, route, resilience }) => {
          app.get(
            '/',
            resilience.deadline(ms),
            route(async (req, res) => {
              await req.db.query('select pg_sleep(0.4)');
              await req.db.query('select pg_sleep(0.1)');
              res.json({});
            }),
          );
        });
        expect((await app.call('/').answer).status).to.equal(200);
      });
    }

    it('is an error to next where dbResilience does not stand before it', async () => {
      const elsewhere = dbResilience({ host: '127.0.0.1', port: 1 });
      const app = await service({ version, before: [elsewhere.deadline(100)] }, ({ app: own }) => {
        own.get('/', (_req, res) => void res.json({}));
      });
      const { status } = await app.call('/').answer;
      await elsewhere.close();
      expect(status).to.equal(500);
      expect(app.errors).to.have.length(1);
      expect(app.errors[0]).to.be.instanceOf(ConfigurationError);
      expect(app.errors[0])
        .to.have.property('message')
        .that.matches(/mount dbResilience\(\) before/);
    });
  });
}

describe('resilience.deadline', () => {
  closeServicesAfterEach();

  it('refuses nonsense, and names it', async () => {
    const resilience = dbResilience({ host: '127.0.0.1', port: 1 });
    const nonsense: unknown[] = [0, -1, 1.5, NaN, Infinity, 2 ** 31, '100', true, null, undefined, {}];
    for (const ms of nonsense) {
      const act = () => resilience.deadline(ms as number);
      expect(act, inspect(ms)).to.throw(ConfigurationError, /^deadline: .*"ms"/);
    }
    expect(() => resilience.deadline('soon' as never)).to.throw(/soon.*milliseconds.*false/);
    expect(() => resilience.deadline(2 ** 31 - 1)).not.to.throw();
    await resilience.close();
  });

  for (const [what, from, to, sleep] of [
    ['puts off the deadline of a statement that runs', 300, 20_000, 0.6],
    ['lifts the deadline of a statement that runs', 300, false, 0.6],
    ['brings forward the deadline of a statement that runs', 20_000, 300, 10],
  ] as const) {
    it(what, async () => {
      const app = await service({ requestTimeoutMs: from }, ({ app: own, resilience }) => {
        own.get('/', async (req, res) => {
          const running = req.db.query('select pg_sleep($1)', [sleep]);
          setTimeout(() => resilience.deadline(to)(req, res, () => undefined), 100);
          await running;
          res.json({});
        });
      });
      const answer = await app.call('/').answer;
      if (to === 300) expectDeadline(answer, to);
      else expect(answer.status).to.equal(200);
    });
  }

  for (const [what, from, to] of [
    ['brings forward', 20_000, 200],
    ['puts off', 200, 20_000],
  ] as const) {
    it(`${what} the deadline of whoever waits for a connection`, async () => {
      const app = await service({ requestTimeoutMs: from, max: 1 }, ({ app: own, resilience }) => {
        own.get('/', async (req, res) => {
          const waiting = [req.db.query('select 1'), req.db.query('select 2')];
          resilience.deadline(to)(req, res, () => undefined);
          await Promise.all(waiting);
          res.json({});
        });
      });
      const held = await app.pool.connect();
      const { answer } = app.call('/');
      await new Promise((resolve) => setTimeout(resolve, 500));
      held.release();
      if (to === 200) expectDeadline(await answer, to);
      else expect((await answer).status).to.equal(200);
    });
  }

  for (const ms of [20_000, false] as const) {
    it(`(${String(ms)}) is not undone by a second database that is mounted behind it`, async () => {
      const { connectionString } = await sharedPostgres();
      const billing = dbResilience({
        connectionString,
        name: 'billing',
        property: 'billingDb',
        max: 1,
        requestTimeoutMs: 200,
      });
      await billing.ready();
      const app = await service({ requestTimeoutMs: 300 }, ({ app: own, resilience }) => {
        own.get('/', resilience.deadline(ms), billing as never, async (req, res) => {
          await Promise.all([req.db, billing.db].map((db) => db.query('select pg_sleep(0.5)')));
          res.json({});
        });
      });
      const { status } = await app.call('/').answer;
      await billing.close();
      expect(status).to.equal(200);
    });
  }

  it('counts from the arrival of the request, not from the route', async () => {
    const wait = (_req: unknown, _res: unknown, next: () => void) => void setTimeout(next, 300);
    const app = await service({}, ({ app: own, resilience }) => {
      own.get('/', wait, resilience.deadline(400), async (req) => void (await req.db.query('select pg_sleep(10)')));
    });
    expectDeadline(await app.call('/').answer, 400);
  });
});
