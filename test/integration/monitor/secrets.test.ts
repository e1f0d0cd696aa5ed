import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect } from 'chai';
import express from 'express';
import pg from 'pg';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { dbErrorHandler, dbResilience } from '../../../lib/index.js';
import { testDatabase } from '../compat/test-database.js';

/** Each in one kind of place only, so that a finding says where it came from. */
const secrets = {
  password: 'pw7Qm2Zk9Xw4Rt',
  parameter: 'pa3Lh8Vn5Yc1Bd',
  literal: 'li6Gf4Ks0Pj2Mw',
  dollar: 'do9Tb3Ue7Hq5Nz',
  comment: 'co1Xr6Dw8Fv4Sg',
  number: '739184650271',
  stored: 'st5Jy2Ac9Eo7Lk',
};

describe('secrets in password, parameters, literals and comments', () => {
  it('are in no log line, error, metric or answer', async function () {
    this.timeout(30_000);
    const database = await testDatabase();
    const url = new URL(database.connectionString);
    const admin = new pg.Client({ connectionString: database.connectionString });
    await admin.connect();
    await admin.query(`create role keeper superuser login password '${secrets.password}'`);
    url.username = 'keeper';
    url.password = secrets.password;
    const said: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => void said.push(line) });
    const resilience = dbResilience({
      ...{ connectionString: url.href, ssl: false, logger, max: 2 },
      ...{ acquireTimeoutMs: 300, queryTimeoutMs: 400 },
      monitor: { slowQueryThresholdMs: 20, leakThresholdMs: 50, repeatedInRequest: 3 },
    });
    const { db } = resilience;
    await db.query(`create table accounts (id int primary key, note text)`);
    await db.query(`insert into accounts values (1, $1)`, [secrets.stored]);

    const app = express();
    app.use(pinoHttp({ logger }));
    app.use(resilience);
    app.use('/api', resilience.routes({ authorize: () => true }));
    const works: Record<string, string> = {
      '/slow': `select pg_sleep(0.05), note from accounts where note <> '${secrets.literal}' /* ${secrets.comment} */`,
      '/number': `select pg_sleep(0.05), id from accounts where id = ${secrets.number.slice(0, 9)} or id::bigint = ${secrets.number}`,
      '/syntax': `selekt '${secrets.literal}' -- ${secrets.comment}`,
      '/twice': `insert into accounts values (1, $tag$${secrets.dollar}$tag$)`,
      '/cast': `select ('${secrets.literal}' || note)::int from accounts`,
      '/late': `select pg_sleep(2), '${secrets.literal}' /* ${secrets.comment} */`,
      '/open': `select '${secrets.literal}`,
    };
    for (const [path, text] of Object.entries(works)) {
      app.get(path, async (req, res) => {
        for (let i = 0; i < (path === '/slow' ? 4 : 1); i++) await req.db.query(text);
        res.json({});
      });
    }
    app.get('/parameter', async (req, res) => {
      await req.db.query('select pg_sleep(0.05), id from accounts where note = $1 and id = $2', [secrets.parameter, 1]);
      await req.db.query('select $1::int', [secrets.parameter]);
      res.json({});
    });
    app.get('/leak', async (req, res) => {
      const client = await req.db.connect();
      await client.query(`select '${secrets.literal}'`);
      await sleep(700);
      client.release();
      res.json({});
    });
    app.get('/isolated', async (req, res) => {
      req.db.circuit.isolate();
      await req.db.query(`select '${secrets.literal}'`).finally(() => req.db.circuit.resume());
      res.json({});
    });
    app.use(dbErrorHandler({ logger }));
    app.use(((error, _req, res, _next) => {
      res.status(500).json({ error: 'a bug', code: (error as { code?: string }).code });
    }) satisfies express.ErrorRequestHandler);
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const ask = async (path: string) => {
      const answer = await fetch(origin + path);
      said.push(JSON.stringify([...answer.headers]), await answer.text());
    };
    try {
      for (const path of [...Object.keys(works), '/parameter', '/leak', '/isolated']) await ask(path);
      // Plans come a moment after their statements.
      await sleep(500);
      const routes = ['health', 'health/database', 'livez', 'readyz', 'metrics/database', 'metrics/server', 'metrics'];
      for (const path of [...routes, 'metrics/queries?limit=100', 'openapi.json', 'metrics/queries?limit=x']) {
        await ask(`/api/${path}`);
      }
      const told = [db.getPoolMetrics(), db.getSlowQueries(), db.getQueryPerformance(), db.describe(), db, resilience];
      for (const one of told) said.push(inspect(one, { depth: 10 }));
    } finally {
      server.close();
      server.closeAllConnections();
      await resilience.close();
      await admin.query('drop owned by keeper; drop role keeper');
      await admin.end();
    }
    const all = said.join('\n');
    // What would make this test blind.
    for (const word of ['A slow statement', 'Seq Scan', 'was it released?', 'N+1', '"DB_QUERY_TIMEOUT"', 'db_query_']) {
      expect(all, 'so much was said').to.include(word);
    }
    for (const [place, secret] of Object.entries(secrets)) {
      expect(
        all.split('\n').filter((line) => line.includes(secret)),
        place,
      ).to.deep.equal([]);
    }
  });
});
