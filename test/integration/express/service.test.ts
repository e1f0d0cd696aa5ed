import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import request from 'supertest';
import { silentLogger } from '../../../lib/core/logger.js';
import { ConfigurationError, dbResilience } from '../../../lib/index.js';
import type { DbResilience, Logger } from '../../../lib/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { serve } from './app.js';
import type { TestApp } from './app.js';
import { versions } from './versions.js';

for (const version of versions) {
  describe(`${version.name}: a service`, function () {
    this.timeout(30_000);

    let server: PostgresServer;
    let resilience: DbResilience;
    let app: TestApp;

    before(async () => {
      server = await sharedPostgres();
    });
    beforeEach(async () => {
      resilience = dbResilience({ connectionString: server.connectionString, max: 4, drainTimeoutMs: 5000 });
      app = await serve(version, resilience);
      await resilience.ready();
    });
    afterEach(async () => {
      await app.close();
      await resilience.close();
    });

    const get = (path: string) => request(app.url).get(path);

    it('has req.db, which is the pool', async () => {
      expect((await get('/echo/hello')).body).to.deep.equal({ text: 'hello' });
      expect(await resilience.db.query('select 1 as one')).to.have.nested.property('rows[0].one', 1);
    });

    it("leaves the application's own errors to its own handler", async () => {
      for (const path of ['/bug', '/division']) {
        const response = await get(path);
        expect(response.status).to.equal(500);
        expect(response.body).to.deep.equal({ handler: 'of the application' });
      }
      expect(app.seen[0]).to.be.instanceOf(TypeError);
      expect(app.seen[1]).to.have.property('code', '22012');
    });

    it('answers 503 for a bare pg.Pool whose server refuses', async () => {
      const response = await get('/refused');
      expect(response.status).to.equal(503);
      expect(response.body).to.include({ code: 'DB_UNAVAILABLE', outcome: 'not-executed' });
    });

    describe('probes', () => {
      it('answer GET with JSON that nobody keeps', async () => {
        for (const [path, status] of [
          ['/api/livez', 'ok'],
          ['/api/readyz', 'ready'],
          ['/api/readyz/?verbose', 'ready'],
        ] as const) {
          const response = await get(path);
          expect(response.status, path).to.equal(200);
          expect(response.type).to.equal('application/json');
          expect(response.get('Cache-Control')).to.equal('no-store');
          expect(response.body).to.deep.equal({ status });
        }
      });

      it('answer HEAD without a body', async () => {
        const response = await request(app.url).head('/api/readyz');
        expect(response.status).to.equal(200);
        expect(response.get('Content-Length')).to.equal('18');
        expect(response.text ?? '').to.equal('');
      });

      it('refuse other methods', async () => {
        for (const path of ['/api/livez', '/api/readyz']) {
          const response = await request(app.url).post(path);
          expect(response.status).to.equal(405);
          expect(response.get('Allow')).to.equal('GET, HEAD');
        }
      });

      it('let everything else pass', async () => {
        for (const path of ['/api', '/api/other', '/api/livez/more', '/livez']) {
          expect((await get(path)).status, path).to.equal(404);
        }
      });
    });

    it('finishes what runs when it is closed, then answers 503', async () => {
      const running = get('/sleep/0.5').then((response) => response.status);
      await eventually(
        async () =>
          (await server.query(`select 1 from pg_stat_activity where query = 'select pg_sleep($1)'`)).length > 0,
        5000,
        'the statement runs',
      );
      const closing = resilience.close();
      expect(resilience.close()).to.equal(closing);
      expect(resilience.isReady).to.equal(false);
      const probe = await get('/api/readyz');
      expect(probe.status).to.equal(503);
      expect(probe.body).to.deep.equal({ status: 'not_ready', reason: 'shutting_down' });
      expect((await get('/api/livez')).status).to.equal(200);
      const late = await get('/echo/late');
      expect(late.status).to.equal(503);
      expect(late.body).to.include({ code: 'DB_SHUTTING_DOWN', outcome: 'not-executed', retryable: true });
      await closing;
      expect(await running).to.equal(200);
      expect(resilience.db.totalCount).to.equal(0);
      const failure = await resilience.ready().catch((error: unknown) => error);
      expect(failure).to.have.property('code', 'DB_SHUTTING_DOWN');
    });

    it("warns in the database's own log of what its error handler has answered", async () => {
      const warnings: unknown[] = [];
      const logger: Logger = { ...silentLogger, warn: (fields) => void warnings.push(fields) };
      const logged = dbResilience({ connectionString: server.connectionString, logger });
      const other = await serve(version, logged);
      await logged.close();
      await request(other.url).get('/echo/x').set('X-Request-Id', 'r-1');
      await other.close();
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include({ status: 503, code: 'DB_SHUTTING_DOWN', request_id: 'r-1' });
    });

    it('gives a second database a property of its own', async () => {
      const billing = dbResilience({
        connectionString: server.connectionString,
        name: 'billing',
        property: 'billingDb',
      });
      const { express, route } = version;
      const both = express();
      both.use(resilience, billing);
      both.get(
        '/',
        route(async (req, res) => {
          const { billingDb } = req as unknown as { billingDb: typeof req.db };
          const { rows } = await billingDb.query<{ n: number }>('select 1 as n');
          res.json({ names: [req.db.name, billingDb.name], rows });
        }),
      );
      const response = await request(both).get('/');
      await billing.close();
      expect(response.body).to.deep.equal({ names: ['primary', 'billing'], rows: [{ n: 1 }] });
    });

    it('may be mounted twice', async () => {
      const { express } = version;
      const app = express();
      app.use(resilience, resilience);
      app.get('/', (req, res) => {
        res.json(req.db.name);
      });
      expect((await request(app).get('/')).body).to.equal('primary');
    });

    it('does not take a property that somebody else has set', async () => {
      const twice = dbResilience({ connectionString: server.connectionString, name: 'other' });
      const { express } = version;
      const both = express();
      both.set('env', 'test');
      const errors: unknown[] = [];
      both.use(resilience, twice);
      const own: ErrorRequestHandler = (error, _req, res, _next) => {
        errors.push(error);
        res.status(500).end();
      };
      both.use(own);
      await request(both).get('/');
      await twice.close();
      expect(errors).to.have.length(1);
      expect(errors[0])
        .to.be.instanceOf(ConfigurationError)
        .and.to.have.property('message')
        .that.matches(/req\.db is already set/);
    });
  });
}

describe('dbResilience', () => {
  const refused: [unknown, string][] = [
    [{ property: '' }, 'property'],
    [{ property: 5 }, 'property'],
    [{ propertty: 'x' }, 'did you mean "property"'],
    [{ requestTimeoutMs: 0 }, 'requestTimeoutMs'],
    [{ requestTimeoutMs: '30000' }, 'received "30000"'],
    [{ requestTimeoutMs: true }, 'a whole number of milliseconds from 1 to 2147483647, or false for none'],
    [{ requestTimeoutMs: 2 ** 31 }, 'requestTimeoutMs'],
    [{ requestTimeout: 5 }, 'did you mean "requestTimeoutMs"'],
    [{ requestLog: 'yes' }, 'requestLog'],
    [{ cancelOnDisconnect: true }, 'cancelOnDisconnect'],
    [{ max: 0 }, 'max'],
    [{ poolSize: 5 }, 'use max'],
    ['postgres://app:hunter2@db/shop', 'expected an object'],
    [null, 'null'],
  ];
  for (const [options, says] of refused) {
    it(`refuses ${JSON.stringify(options).replace('hunter2', '…')}, at once and by name`, () => {
      expect(() => dbResilience(options as never))
        .to.throw(ConfigurationError)
        .with.property('message')
        .that.includes(says)
        .and.does.not.include('hunter2');
    });
  }
});
