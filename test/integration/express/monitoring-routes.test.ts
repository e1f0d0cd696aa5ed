import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { PoolClient } from 'pg';
import { dbResilience } from '../../../lib/index.js';
import type { DbResilience, DbResilienceOptions } from '../../../lib/index.js';
import type { LeakWarning, QueryPerformance, SlowQuery } from '../../../lib/monitor/reports.js';
import { startPostgres } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { document, expectDocumented } from '../../unit/express/routes/conformity.js';
import { mounts, serve } from '../../unit/express/routes/service.js';
import type { Asked, Received, Service } from '../../unit/express/routes/service.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';

const paths = Object.keys(document.paths);
const spoofed: Asked = { headers: { Host: 'orders.example.com' } };

/** Whatever is received has to be what the document says. */
async function documented(service: Service, path: string, asked?: Asked): Promise<Received> {
  const received = await service.get(`/api${path}`, asked);
  expectDocumented(path.split('?', 1)[0]!, received);
  return received;
}

function database(connectionString: string, more: DbResilienceOptions = {}): DbResilience {
  return dbResilience({ connectionString, name: 'orders', min: 1, max: 3, requestLog: false, ...more });
}

for (const { name, mount } of mounts) {
  describe(`${name}: the monitoring routes of a pool at work`, () => {
    let resilience: DbResilience;
    let service: Service;
    let leaked: PoolClient;
    const get = (path: string, asked?: Asked) => documented(service, path, asked);

    before(async () => {
      const { connectionString } = await testDatabase();
      resilience = database(connectionString, { monitor: { slowQueryThresholdMs: 40, leakThresholdMs: 50 } });
      service = await serve(resilience.routes(), mount);
      const { db } = resilience;
      await db.query(`create table parcels as select 1 as id, 'planted' as secret`);
      await db.query(`select count(*) from parcels, pg_sleep(0.1) where secret = 'planted'`);
      await failureOf(db.query(`select 1 / (count(*) - 1) from parcels, pg_sleep(0.1) where secret = 'planted'`));
      leaked = await db.connect();
      await eventually(
        () => db.detectConnectionLeaks().length === 1 && db.getSlowQueries().filter(({ plan }) => plan).length === 2,
        8000,
        'the leak is seen, and the plans are there',
      );
      await eventually(() => resilience.healthMonitor.report().probe !== null, 5000, 'the first probe has ended');
    });
    after(async () => {
      leaked.release();
      await service.close();
      await resilience.close();
    });

    it('answer on every path of their document as it says, and without values', async () => {
      expect((await get('/openapi.json')).body).to.deep.equal(JSON.parse(JSON.stringify(document)));
      for (const path of paths) {
        const { status, text } = await get(path);
        expect(status, path).to.equal(200);
        expect(text, path).not.to.include('planted');
      }
    });

    it('tell what has happened', async () => {
      const { body } = await get('/metrics/database');
      expect(body).to.have.nested.property('health_status.status', 'warning');
      expect(body).to.have.nested.property('pool_config.leak_threshold_ms', 50);
      const [failed, slow] = body.slow_queries as SlowQuery[];
      expect(failed).to.include({ rows: null, error: '22012' });
      expect(slow).to.include({ rows: 1, error: null });
      expect(slow!.duration_ms).to.be.within(100, 5000);
      expect(JSON.stringify(slow!.plan)).to.include('"Relation Name":"parcels"');
      const [leak] = body.leak_warnings as LeakWarning[];
      expect(leak!.borrowed_at).to.include('monitoring-routes.test');
      const { queries } = (await get('/metrics/queries?limit=1000&sort=errors')).body as {
        queries: QueryPerformance[];
      };
      expect(queries[0]).to.include({ statement: failed!.statement, calls: 1, errors: 1 });
      let text = '';
      await eventually(
        async () => ({ text } = await get('/metrics')).text.includes('\ndb_slow_queries_total{database="orders"} 2\n'),
        4000,
        'the rendering of before is no longer given',
      );
      expect(text).to.include('\ndb_connection_leaks_suspected{database="orders"} 1\n');
      const { body: server } = await get('/metrics/server');
      expect(server).to.include({ is_in_recovery: false, standby: null }).and.deep.include({ not_visible: [] });
    });

    it('take the parameters of their document, and refuse others by name', async () => {
      for (const query of ['limit=1', 'limit=1000&sort=total', 'sort=mean', 'sort=calls', 'sort=max']) {
        expect((await get(`/metrics/queries?${query}`)).status, query).to.equal(200);
      }
      for (const query of ['limit=0', 'limit=1001', 'limit=ten', 'limit=1&limit=2', 'sort=best', 'page=2']) {
        const { status, body } = await get(`/metrics/queries?${query}`);
        expect(status, query).to.equal(400);
        expect(body).to.have.nested.property('errors[0].parameter', query.split('=', 1)[0]);
      }
    });

    it('hide SQL from whoever comes by another name, and nothing else', async () => {
      expect((await get('/metrics/queries', spoofed)).body).to.include({ status: 403, code: 'SQL_HIDDEN' });
      const { status, text, body } = await get('/metrics/database', spoofed);
      expect(status).to.equal(200);
      expect(body.redacted).to.equal(true);
      expect(text).not.to.match(/parcels|select|monitoring-routes/);
      for (const path of paths) {
        if (path !== '/metrics/queries') expect((await get(path, spoofed)).status, path).to.equal(200);
      }
    });

    it('show it as authorize says', async () => {
      const authorize = ({ headers }: IncomingMessage) => Promise.resolve(headers.authorization === 'Bearer admin');
      const guarded = await serve(resilience.routes({ authorize }), mount);
      const admin = { headers: { ...spoofed.headers, Authorization: 'Bearer admin' } };
      for (const [asked, isShown] of [
        [admin, true],
        [{}, false],
      ] as const) {
        expect((await documented(guarded, '/metrics/queries', asked)).status).to.equal(isShown ? 200 : 403);
        const { text } = await documented(guarded, '/metrics/database', asked);
        expect(text.includes('parcels')).to.equal(isShown);
      }
      await guarded.close();
    });
  });
}

describe('the monitoring routes', function () {
  this.timeout(60_000);

  it('say which parts a role may not see', async () => {
    const server = await sharedPostgres();
    const { connectionString } = await testDatabase();
    await server.query(`create role visitor login password 'visitor'`);
    const url = new URL(connectionString);
    url.username = url.password = 'visitor';
    const resilience = database(url.href);
    const service = await serve(resilience.routes());
    const { status, body } = await documented(service, '/metrics/server');
    expect(status).to.equal(200);
    expect(body).to.include({ archive_queue_length: null });
    expect(body.not_visible).to.deep.include({ part: 'archive_queue', reason: 'permission' });
    await service.close();
    await resilience.close();
    await server.query('drop role visitor');
  });

  it('say that monitoring is off', async () => {
    const { connectionString } = await testDatabase();
    const resilience = database(connectionString, { monitor: false });
    await resilience.ready();
    const service = await serve(resilience.routes());
    for (const path of ['/metrics', '/metrics/queries', '/metrics/server']) {
      expect((await documented(service, path)).status, path).to.equal(404);
    }
    expect((await documented(service, '/metrics/database')).body.monitoring_enabled).to.equal(false);
    for (const path of ['/health', '/health/database', '/livez', '/readyz']) await documented(service, path);
    await service.close();
    await resilience.close();
  });

  it('go on while the database is down', async () => {
    await using server = await startPostgres();
    const resilience = database(server.connectionString, { health: { intervalMs: 200 } });
    await resilience.ready();
    const service = await serve(resilience.routes());
    await server.shutdown();
    await eventually(
      () => !resilience.isReady && resilience.healthMonitor.report().probe?.ok === false,
      20_000,
      'it is noticed',
    );
    const down = ['/health', '/health/database', '/readyz', '/metrics/server'];
    for (const path of paths) {
      const { status, text } = await documented(service, path);
      expect(status, path).to.equal(down.includes(path) ? 503 : 200);
      expect(text, path).not.to.match(/127\.0\.0\.1|ECONNREFUSED/);
    }
    await service.close();
    await resilience.close();
  });
});
