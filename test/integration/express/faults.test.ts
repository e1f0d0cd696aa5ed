import { expect } from 'chai';
import request from 'supertest';
import type { Response } from 'supertest';
import { dbResilience } from '../../../lib/index.js';
import type { DbResilience } from '../../../lib/index.js';
import { startFaultProxy, startPostgres } from '../../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../../lib/testing/index.js';
import { eventually } from '../../support/settle.js';
import { serve } from './app.js';
import type { TestApp } from './app.js';
import { versions } from './versions.js';

const acquireTimeoutMs = 500;
const queryTimeoutMs = 400;
const pingTimeoutMs = 200;
// A ping, an acquisition and a statement with its 50 ms of grace, one after the other, and fourfold slack.
const boundMs = 4 * (pingTimeoutMs + acquireTimeoutMs + queryTimeoutMs + 50);

for (const version of versions) {
  describe(`${version.name}: faults of the database`, function () {
    this.timeout(30_000);

    let server: PostgresServer;
    let proxy: FaultProxy;
    let resilience: DbResilience;
    let app: TestApp;
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);

    before(async () => {
      server = await startPostgres();
      await server.query('create table writes (n int)');
      process.on('unhandledRejection', onUnhandled);
    });
    after(async () => {
      process.off('unhandledRejection', onUnhandled);
      await server.stop();
    });
    beforeEach(async () => {
      proxy = await startFaultProxy({ target: server });
      resilience = dbResilience({
        connectionString: proxy.connectionString(server),
        max: 4,
        acquireTimeoutMs,
        queryTimeoutMs,
        cancelGraceMs: 300,
        pingAfterIdleMs: 100,
        pingTimeoutMs,
        drainTimeoutMs: 500,
      });
      app = await serve(version, resilience);
      await resilience.ready();
    });
    afterEach(async () => {
      await proxy.pass();
      if (server.pid === undefined) await server.start();
      else await server.resume();
      await app.close();
      await resilience.close();
      await proxy.close();
      expect(unhandled).to.deep.equal([]);
    });

    const get = (path: string) => request(app.url).get(path);

    async function timed(path: string): Promise<{ response: Response; ms: number }> {
      const started = performance.now();
      const response = await get(path);
      return { response, ms: performance.now() - started };
    }

    function expectProblem(response: Response, statuses: number[]): void {
      expect(response.status, response.text).to.be.oneOf(statuses);
      expect(response.type).to.equal('application/problem+json');
      expect(response.get('Retry-After')).to.match(/^[12]$/);
      expect((response.body as { status: number }).status).to.equal(response.status);
    }

    const isReady = async () => (await get('/api/readyz')).status === 200;
    const isServing = async () => (await get('/echo/again')).status === 200;

    it('answers 503 while the server is dead, and 200 soon after it is back', async () => {
      expect((await get('/echo/before')).body).to.deep.equal({ text: 'before' });
      await server.kill();
      for (let turn = 0; turn < 5; turn++) {
        const { response, ms } = await timed('/echo/dead');
        expectProblem(response, [503]);
        expect(ms).to.be.below(boundMs);
      }
      await eventually(async () => !(await isReady()), 4000, 'readiness goes');
      expect((await get('/api/readyz')).body).to.deep.equal({ status: 'not_ready', reason: 'database_unreachable' });
      expect((await get('/api/livez')).status).to.equal(200);
      await server.start();
      await eventually(isServing, 20_000, 'serving again');
      await eventually(isReady, 20_000, 'ready again');
    });

    it('is ready again without traffic', async () => {
      await server.kill();
      await eventually(() => !resilience.isReady, 8000, 'readiness goes');
      await server.start();
      await resilience.ready();
      expect((await get('/echo/again')).status).to.equal(200);
    });

    it('answers within the time-outs while the server is frozen, and 200 when it goes on', async () => {
      await Promise.all([get('/echo/a'), get('/echo/b')]);
      await server.freeze();
      const answers = await Promise.all(Array.from({ length: 8 }, () => timed('/echo/frozen')));
      for (const { response, ms } of answers) {
        expectProblem(response, [503, 504]);
        expect(ms).to.be.below(boundMs);
      }
      await server.resume();
      await eventually(isServing, 20_000, 'serving again');
    });

    it('answers within the time-outs while the network loses everything', async () => {
      proxy.blackHole();
      const answers = await Promise.all(Array.from({ length: 8 }, () => timed('/echo/lost')));
      for (const { response, ms } of answers) {
        expectProblem(response, [503, 504]);
        expect(ms).to.be.below(boundMs);
      }
      await proxy.pass();
      await eventually(isServing, 20_000, 'serving again');
    });

    it('answers 503 while the network refuses, and 200 when it is healed', async () => {
      await proxy.refuse();
      proxy.reset();
      expectProblem(await get('/echo/cut'), [503]);
      await proxy.pass();
      await eventually(isServing, 20_000, 'serving again');
    });

    it('answers 504 to a statement that takes too long, which the server has then stopped', async () => {
      const { response, ms } = await timed('/sleep/60');
      expectProblem(response, [504]);
      expect(ms).to.be.within(queryTimeoutMs - 10, boundMs);
      expect(response.body).to.include({ code: 'DB_QUERY_TIMEOUT', outcome: 'rolled-back', retryable: true });
      const running = await server.query(
        `select 1 from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`,
      );
      expect(running).to.deep.equal([]);
    });

    it('says that the outcome of a write is not known where its connection was lost', async () => {
      await get('/echo/warm');
      const writing = request(app.url)
        .post('/writes')
        .then((response) => response);
      await eventually(
        async () =>
          (await server.query(`select 1 from pg_stat_activity where query like 'insert%' and state = 'active'`))
            .length > 0,
        5000,
        'the write has begun',
      );
      proxy.reset();
      const response = await writing;
      expectProblem(response, [503]);
      expect(response.body).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'unknown', retryable: false });
    });

    it('answers 503 where the server has no connection left', async () => {
      const role = `few_${version.name.replace(' ', '_').toLowerCase()}`;
      await server.query(`create role ${role} login password 'few' connection limit 0`);
      const url = new URL(proxy.connectionString(server));
      url.username = role;
      url.password = 'few';
      const limited = dbResilience({ connectionString: url.href, acquireTimeoutMs, circuit: false });
      const other = await serve(version, limited);
      const response = await request(other.url).get('/echo/full');
      expectProblem(response, [503]);
      expect(response.body).to.include({ code: 'DB_UNAVAILABLE', outcome: 'not-executed', retryable: true });
      expect(limited.unreadyReason).to.be.oneOf(['starting', 'database_unreachable']);
      await other.close();
      await limited.close();
    });

    it('lets Express close the connection where the answer had begun', async () => {
      const failure = await get('/half').then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(Error);
      expect(app.seen).to.have.length(1);
      expect((await get('/echo/after')).status).to.equal(200);
    });
  });
}
