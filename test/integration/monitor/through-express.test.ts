import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import type { Express } from 'express';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { dbResilience } from '../../../lib/index.js';
import type { DbResilience, DbResilienceOptions, PoolMetrics } from '../../../lib/index.js';
import { eventually } from '../../support/settle.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';

interface Line {
  readonly msg: string;
  readonly at: number;
  readonly [field: string]: unknown;
}

describe('what is seen of an Express application', () => {
  let database: TestDatabase;
  let resilience: DbResilience;
  let server: Server;
  let lines: Line[];

  before(async () => {
    database = await testDatabase();
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await resilience.close();
  });

  async function serve(routes: (app: Express) => void, options: DbResilienceOptions = {}): Promise<string> {
    lines = [];
    const write = (line: string) => void lines.push({ ...(JSON.parse(line) as Line), at: performance.now() });
    const logger = pino({ level: 'info' }, { write });
    resilience = dbResilience({ connectionString: database.connectionString, ssl: false, logger, ...options });
    const app = express();
    app.use(pinoHttp({ logger, genReqId: (req) => String(req.headers['x-request-id']) }));
    app.use(resilience);
    app.use('/api', resilience.routes());
    routes(app);
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  const get = async (url: string, id = 'r-1') => (await fetch(url, { headers: { 'x-request-id': id } })).json();
  const said = (text: string) => lines.filter(({ msg }) => msg.includes(text));
  /** Of the compiled file, where the frame of the route is. */
  const here = /through-express\.test\.js:\d+:\d+$/;

  it('a connection that is held too long is reported within a second, by whom it was borrowed, and again on return', async () => {
    let giveBack: () => void = () => undefined;
    let since = 0;
    const url = await serve(
      (app) =>
        app.get('/hold', async (req, res) => {
          const client = await req.db.connect();
          since = performance.now();
          await new Promise<void>((resolve) => (giveBack = resolve));
          client.release();
          res.json({});
        }),
      { monitor: { leakThresholdMs: 300 } },
    );
    const answer = get(`${url}/hold`, 'r-leak');
    await eventually(() => said('was it released?').length > 0, 5000, 'it is reported');
    const [line] = said('was it released?');
    // Within a second of the threshold; fourfold slack.
    expect((line?.at ?? 0) - since).to.be.within(300, 300 + 4000);
    expect(line).to.include({ pool: 'primary', request_id: 'r-leak' });
    expect(line?.borrowed_at).to.match(here);
    const [leak] = resilience.db.detectConnectionLeaks();
    expect(leak).to.include({ request_id: 'r-leak', borrowed_at: line?.borrowed_at });
    const { leak_warnings } = (await get(`${url}/api/metrics/database`)) as PoolMetrics;
    expect(leak_warnings).to.have.length(1);
    giveBack();
    await answer;
    const [back] = said('has come back');
    expect(back).to.include({ request_id: 'r-leak', borrowed_at: line?.borrowed_at });
    expect(back?.held_ms).to.be.at.least(line?.held_ms as number);
    expect(resilience.db.detectConnectionLeaks()).to.deep.equal([]);
    expect(said('was it released?'), 'once').to.have.length(1);
  });

  it('a slow statement is logged with its text, plan, duration, request and rows, and without a value', async () => {
    await serve(() => undefined);
    await resilience.db.query('create table notes (id int primary key, text text)');
    await resilience.db.query("insert into notes select n, 'note' from generate_series(1, 5) n");
    await resilience.close();
    server.close();
    const url = await serve(
      (app) =>
        app.get('/slow', async (req, res) => {
          await req.db.query(
            "select n.*, pg_sleep(0.05) from notes n where text <> 'hidden-literal' and text <> $1 /* hidden-comment */",
            ['hidden-parameter'],
          );
          res.json({});
        }),
      { monitor: { slowQueryThresholdMs: 150 } },
    );
    await get(`${url}/slow`, 'r-slow');
    await eventually(() => said('A slow statement').length > 0, 5000, 'it is logged');
    const [line] = said('A slow statement');
    expect(line).to.include({ pool: 'primary', request_id: 'r-slow', rows: 5, error: null });
    expect(line?.statement).to.equal('select n.*, pg_sleep(?) from notes n where text <> ? and text <> ?');
    expect(line?.duration_ms).to.be.within(250, 2500);
    expect(JSON.stringify(line?.plan)).to.include('Seq Scan').and.to.include('notes');
    expect(JSON.stringify(lines)).not.to.match(/hidden-/);
    expect(resilience.db.getSlowQueries()[0]).to.include({ request_id: 'r-slow', rows: 5 });
  });

  it('a slow write is not run a second time to be explained', async () => {
    await serve(() => undefined, { monitor: { slowQueryThresholdMs: 0 } });
    const { db } = resilience;
    await db.query('create table writes (id serial, note text)');
    await db.query("insert into writes (note) values ('one'), ('two')");
    await db.query(
      "with gone as (delete from writes where note = 'one' returning *) insert into writes (note) select note from gone",
    );
    await eventually(() => said('A slow statement').length >= 3, 5000, 'they are logged');
    await sleep(100);
    expect((await db.query('select count(*)::int as count, max(id) as last from writes')).rows).to.deep.equal([
      { count: 2, last: 3 },
    ]);
    expect((await db.query('select last_value::int from writes_id_seq')).rows).to.deep.equal([{ last_value: 3 }]);
  });

  it('a route that runs one statement 50 times is told of once, with its place; a batch of different ones is not', async () => {
    const url = await serve((app) => {
      app.get('/repeats', async (req, res) => {
        for (let id = 0; id < 50; id++) await req.db.query('select $1::int', [id]);
        res.json({});
      });
      app.get('/repeats-at-once', async (req, res) => {
        await Promise.all(Array.from({ length: 50 }, (_, id) => req.db.query(`select ${String(id)} as at_once`)));
        res.json({});
      });
      app.get('/repeats-in-a-transaction', async (req, res) => {
        await req.db.transaction(async (tx) => {
          for (let id = 0; id < 50; id++) await tx.query('select $1::int as within', [id]);
        });
        res.json({});
      });
      app.get('/differs', async (req, res) => {
        for (let n = 1; n <= 50; n++) await req.db.query(`select 1 as column_${String(n)}`);
        res.json({});
      });
    });
    const paths = { '/repeats': 'select ?::int', '/repeats-at-once': 'select ? as at_once' };
    for (const [path, statement] of Object.entries({
      ...paths,
      '/repeats-in-a-transaction': 'select ?::int as within',
    })) {
      lines.length = 0;
      await get(url + path, `r-${path.slice(1)}`);
      expect(said('N+1'), path).to.have.length(1);
      expect(said('N+1')[0]).to.include({ pool: 'primary', statement, request_id: `r-${path.slice(1)}` });
      expect(said('N+1')[0]?.called_at, path).to.match(here);
    }
    lines.length = 0;
    await get(`${url}/differs`);
    expect(said('N+1')).to.deep.equal([]);
  });

  it('its metrics name what they are asked to name, with the numbers of this pool', async () => {
    const url = await serve(
      (app) =>
        app.get('/work', async (req, res) => {
          await req.db.query('select 1 as one');
          await req.db.query('select broken').catch(() => undefined);
          res.json({});
        }),
      { max: 7 },
    );
    await resilience.ready();
    const before = (await get(`${url}/api/metrics/database`)) as PoolMetrics;
    await get(`${url}/work`);
    const after = (await get(`${url}/api/metrics/database`)) as PoolMetrics;
    expect(after).to.have.all.keys(
      'monitoring_enabled',
      'health_status',
      'slow_queries',
      'pool_config',
      'leak_warnings',
    );
    const { total_acquisitions } = before.health_status;
    expect(after.health_status).to.include({ status: 'healthy', utilization_pct: 0, acquisition_failures: 0, max: 7 });
    expect(after.health_status.total_acquisitions).to.equal(total_acquisitions + 2);
    expect(after.pool_config).to.include({ name: 'primary', max: 7 });
    const { queries } = (await get(`${url}/api/metrics/queries?limit=10&sort=errors`)) as {
      queries: { statement: string; calls: number; errors: number }[];
    };
    expect(queries[0]).to.include({ statement: 'select broken', calls: 1, errors: 1 });
    expect(queries.find(({ statement }) => statement === 'select ? as one')).to.include({ calls: 1, errors: 0 });
    let text = '';
    const isCounted = async () => {
      text = await (await fetch(`${url}/api/metrics`)).text();
      return text.includes('db_query_errors_total{database="primary",error_type="42703"} 1\n');
    };
    await eventually(isCounted, 5000, 'a rendering lasts for a second');
    expect(text).to.match(/^db_connection_pool_max_connections\{database="primary"\} 7$/m);
  });

  it('nothing is counted where monitoring is off, and the routes say so', async () => {
    const url = await serve(() => undefined, { monitor: false });
    await resilience.db.query('select 1');
    const metrics = (await get(`${url}/api/metrics/database`)) as PoolMetrics;
    expect(metrics).to.include({ monitoring_enabled: false });
    expect(metrics.health_status).to.include({ total_acquisitions: 0, max: 20 });
    for (const path of ['metrics', 'metrics/queries', 'metrics/server']) {
      const answer = await fetch(`${url}/api/${path}`);
      expect([answer.status, answer.headers.get('content-type')], path).to.deep.equal([
        404,
        'application/problem+json',
      ]);
    }
    expect((await fetch(`${url}/api/health`)).status).to.be.oneOf([200, 503]);
  });
});
