import { expect } from 'chai';
import { silentLogger } from '../../../../lib/core/logger.js';
import { healthRouter } from '../../../../lib/express/health-routes.js';
import { metricsRouter } from '../../../../lib/express/metrics-routes.js';
import { routes } from '../../../../lib/express/routes.js';
import { HealthMonitor } from '../../../../lib/health/health-monitor.js';
import { ConfigurationError } from '../../../../lib/index.js';
import { eventually } from '../../../support/settle.js';
import { document, expectDocumented } from './conformity.js';
import { healthReport, poolHealth, poolMetrics, query, serverReport } from './reports.js';
import { mounts, serve } from './service.js';
import type { Asked, Received, Service } from './service.js';
import { fakeSource } from './source.js';

for (const { name, mount } of mounts) {
  describe(`${name}: the monitoring routes`, () => {
    let source: ReturnType<typeof fakeSource>;
    let lines: { fields: object; message: string }[];
    let service: Service;

    beforeEach(async () => {
      source = fakeSource();
      lines = [];
      const logger = {
        ...silentLogger,
        warn: (fields: object, message: string) => void lines.push({ fields, message }),
      };
      service = await serve(routes(source, { logger }), mount);
    });
    afterEach(() => service.close());

    /** Whatever is received has to be what the document says. */
    async function get(path: string, asked?: Asked): Promise<Received> {
      const received = await service.get(`/api${path}`, asked);
      expectDocumented(path.split('?', 1)[0]!, received);
      expect(received.headers['cache-control']).to.equal('no-store');
      return received;
    }

    it('tell the health in short', async () => {
      const { status, body } = await get('/health');
      expect(status).to.equal(200);
      expect(body).to.deep.equal({
        status: 'healthy',
        circuit: 'closed',
        checked_at: healthReport.checked_at,
        age_ms: 1200,
        stale: false,
      });
    });

    it('tell the whole report of the health', async () => {
      const { status, body } = await get('/health/database');
      expect(status).to.equal(200);
      expect(body).to.deep.equal(healthReport);
    });

    it('answer 200 where the database is degraded, with the warnings, and 503 where it is unhealthy', async () => {
      source.health = () => ({ ...healthReport, status: 'degraded', warnings: ['busy'] });
      expect((await get('/health')).status).to.equal(200);
      const degraded = await get('/health/database');
      expect(degraded.status).to.equal(200);
      expect(degraded.body.warnings).to.deep.equal(['busy']);
      const probe = { ok: false, duration_ms: 2, error: 'unreachable' };
      source.health = () => ({ ...healthReport, status: 'unhealthy', probe });
      expect((await get('/health')).status).to.equal(503);
      const unhealthy = await get('/health/database');
      expect(unhealthy.status).to.equal(503);
      expect(unhealthy.body.probe).to.deep.equal(probe);
    });

    it('tell the health before anything is known of it', async () => {
      source.health = () => ({ ...healthReport, status: 'unhealthy', checked_at: null, age_ms: null, probe: null });
      await get('/health');
      expect((await get('/health/database')).status).to.equal(503);
    });

    it('are alive, whatever the database does, and ready as it says', async () => {
      source.unreadyReason = 'database_unreachable';
      expect((await get('/livez')).body).to.deep.equal({ status: 'ok' });
      const { status, body } = await get('/readyz');
      expect(status).to.equal(503);
      expect(body).to.deep.equal({ status: 'not_ready', reason: 'database_unreachable' });
    });

    it('tell the state of the pool', async () => {
      expect((await get('/metrics/database')).body).to.deep.equal(poolMetrics);
    });

    it('tell it to others without SQL, plans and places in the source', async () => {
      const { status, text, body } = await get('/metrics/database', { headers: { Via: '1.1 proxy' } });
      expect(status).to.equal(200);
      expect(text).not.to.match(/select|Seq Scan|orders\.js|"(statement|plan|stack|borrowed_at)"/i);
      expect(body).to.deep.include({
        monitoring_enabled: true,
        health_status: poolMetrics.health_status,
        pool_config: poolMetrics.pool_config,
        redacted: true,
      });
      const [slow] = body.slow_queries as object[];
      expect(slow).to.include({ fingerprint: query.fingerprint, duration_ms: 1520 });
      const [leak] = body.leak_warnings as object[];
      expect(leak).to.include({ held_ms: 65_000, request_id: 'r-2' });
    });

    it('tell what statements cost', async () => {
      expect((await get('/metrics/queries')).body).to.deep.equal({ queries: [query] });
      await get('/metrics/queries?limit=1000&sort=mean');
      await get('/metrics/queries?sort=errors');
      await get('/metrics/queries?limit=1&');
      expect(source.asked).to.deep.equal([
        { limit: 10, sort: 'total' },
        { limit: 1000, sort: 'mean' },
        { limit: 10, sort: 'errors' },
        { limit: 1, sort: 'total' },
      ]);
    });

    it('tell nobody else, and say how it is opened', async () => {
      const { status, body, headers } = await get('/metrics/queries?limit=x', { headers: { Host: 'example.com' } });
      expect(status).to.equal(403);
      expect(headers['content-type']).to.equal('application/problem+json');
      expect(body).to.include({ status: 403, code: 'SQL_HIDDEN', type: 'urn:express-db-resilience:sql-hidden' });
      expect(body.detail).to.include('"authorize"');
      expect(source.asked).to.deep.equal([]);
    });

    it("tell the server's own view", async () => {
      expect((await get('/metrics/server')).body).to.deep.equal(serverReport);
    });

    it('ask the server once, however many want to know, and while it fails too', async () => {
      let calls = 0;
      source.server = async () => {
        calls += 1;
        throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' });
      };
      const all = await Promise.all(Array.from({ length: 20 }, () => get('/metrics/server')));
      all.push(await get('/metrics/server'));
      for (const { status, body, text } of all) {
        expect(status).to.equal(503);
        expect(body.code).to.equal('SERVER_REPORT_UNAVAILABLE');
        expect(text).not.to.include('10.1.2.3');
      }
      expect(calls).to.equal(1);
      expect(lines.map(({ message }) => message)).to.deep.equal([
        'The database server could not be asked for its own view',
      ]);
    });

    it('give Prometheus its text', async () => {
      const { headers, text } = await get('/metrics');
      expect(headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
      expect(text).to.equal('db_circuit_breaker_state{database="db"} 0\n');
    });

    it('say where monitoring is off', async () => {
      source.isMonitored = false;
      source.poolMetrics = () => ({ ...poolMetrics, monitoring_enabled: false, slow_queries: [], leak_warnings: [] });
      for (const path of ['/metrics', '/metrics/queries', '/metrics/server']) {
        const { status, body } = await get(path, { headers: { 'X-Request-Id': 'r-7' } });
        expect(status, path).to.equal(404);
        expect(body).to.include({ code: 'MONITORING_OFF', instance: 'r-7' });
      }
      const { status, body } = await get('/metrics/database');
      expect(status).to.equal(200);
      expect(body.monitoring_enabled).to.equal(false);
    });

    it("say so of the server's view where there is none", async () => {
      delete source.server;
      expect((await get('/metrics/server')).status).to.equal(404);
    });

    it('answer 500 without details where a report fails, and log that once a minute', async () => {
      const broken = () => {
        throw new Error('secret of 10.1.2.3');
      };
      source.health = source.poolMetrics = source.queries = broken;
      source.prometheus = async () => broken();
      for (const path of ['/health', '/health/database', '/metrics', '/metrics/database', '/metrics/queries']) {
        const { status, body, text } = await get(path);
        expect(status, path).to.equal(500);
        expect(body.code).to.equal('INTERNAL');
        expect(text).not.to.include('secret');
      }
      expect(lines.map(({ message }) => message)).to.deep.equal(['A monitoring route failed']);
      expect(lines[0]?.fields).to.have.nested.property('err.type', 'Error');
    });

    it('answer HEAD like GET, without a body', async () => {
      for (const path of Object.keys(document.paths)) {
        const [head, full] = [await service.get(`/api${path}`, { method: 'HEAD' }), await get(path)];
        expect(head.status, path).to.equal(full.status);
        expect(head.text).to.equal('');
        for (const header of ['content-type', 'content-length', 'cache-control']) {
          expect(head.headers[header], `${path}: ${header}`).to.equal(full.headers[header]);
        }
      }
    });

    it('refuse other methods, before anything is asked', async () => {
      source.queries = () => expect.fail('It was asked');
      for (const path of Object.keys(document.paths)) {
        for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
          const { status, headers } = await get(path, { method });
          // Express answers OPTIONS by itself for routes of its own only.
          expect(status, `${method} ${path}`).to.equal(405);
          expect(headers.allow).to.equal('GET, HEAD');
        }
      }
    });

    it('take a slash at the end and a query, and let everything else pass', async () => {
      expect((await service.get('/api/health/?verbose')).status).to.equal(200);
      for (const path of [
        '/api/',
        '/api/healthy',
        '/api/metrics/other',
        '/api/__proto__',
        '/api/constructor',
        '/other',
      ]) {
        expect((await service.get(path)).status, path).to.equal(404);
      }
    });
  });
}

describe('the monitoring routes', () => {
  it('are mountable apart', async () => {
    const source = fakeSource();
    const [health, metrics] = [await serve(healthRouter(source)), await serve(metricsRouter(source))];
    expect((await health.get('/api/health')).status).to.equal(200);
    expect((await health.get('/api/metrics')).status).to.equal(404);
    expect((await metrics.get('/api/metrics')).status).to.equal(200);
    expect((await metrics.get('/api/health')).status).to.equal(404);
    await Promise.all([health.close(), metrics.close()]);
  });

  it('ask the database for the health no more often, however many requests there are', async () => {
    let asked = 0;
    const monitor = new HealthMonitor({
      ask: async () => void (asked += 1),
      state: () => ({ circuit: 'closed', refuses: false, pool: poolHealth, ending: false }),
      everyMs: 60_000,
      name: 'db',
    });
    const service = await serve(routes({ ...fakeSource(), health: () => monitor.report() }));
    monitor.start();
    await eventually(() => asked === 1, 5000, 'the first probe');
    for (let round = 0; round < 20; round++) {
      const paths = Array.from({ length: 50 }, (_, n) => ['/api/health', '/api/health/database'][n % 2]!);
      for (const { status } of await Promise.all(paths.map((path) => service.get(path)))) expect(status).to.equal(200);
    }
    expect(asked).to.equal(1);
    monitor.close();
    await service.close();
  });

  it('do not disturb an answer that the application has given meanwhile', async () => {
    let end: (text: string) => void = () => undefined;
    const source = fakeSource();
    source.prometheus = () => new Promise((resolve) => (end = resolve));
    const handler = routes(source);
    let answered: Promise<void> | undefined;
    const service = await serve((req, res, next) => {
      handler(req, res, next);
      answered = new Promise((resolve) =>
        setImmediate(() => {
          res.writeHead(504).end('too late');
          end('metrics');
          setImmediate(resolve);
        }),
      );
    });
    expect(await service.get('/api/metrics')).to.include({ status: 504, text: 'too late' });
    await answered;
    await service.close();
  });

  it('refuse options that are unknown or impossible', () => {
    for (const [options, part] of [
      [{ authorise: () => true }, 'did you mean "authorize"?'],
      [{ authorize: true }, 'expected a function'],
      [{ health: 1 }, 'expected true or false'],
      [{ logger: {} }, 'expected an object with the functions'],
      ['x', 'expected an object'],
    ] as const) {
      expect(() => routes(fakeSource(), options as never)).to.throw(ConfigurationError, part);
    }
  });
});
