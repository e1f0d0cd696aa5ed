import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { dbResilience } from '../../lib/index.js';
import type { DbResilience, HealthReport } from '../../lib/index.js';
import { startPostgres } from '../../lib/testing/index.js';
import type { PostgresServer } from '../../lib/testing/index.js';
import { eventually } from '../support/settle.js';

const paths = ['/api/health', '/api/health/database', '/api/livez', '/api/readyz'];
/** Twenty milliseconds, with fourfold slack. */
const promptMs = 80;

describe('the health routes', () => {
  let postgres: PostgresServer;
  let resilience: DbResilience;
  let server: Server;
  let url: string;

  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  beforeEach(async () => {
    resilience = dbResilience({
      ...{ connectionString: postgres.connectionString, max: 3, requestLog: false },
      health: { intervalMs: 200, timeoutMs: 300 },
    });
    const app = express();
    app.use(resilience);
    app.use('/api', resilience.routes());
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    await eventually(async () => (await report()).status === 'healthy', 5000, 'it is healthy');
  });
  afterEach(async () => {
    await postgres.resume();
    server.close();
    server.closeAllConnections();
    await resilience.close();
  });

  async function report(): Promise<HealthReport> {
    return (await (await fetch(`${url}/api/health/database`)).json()) as HealthReport;
  }

  async function transactions(): Promise<number> {
    const text = "select xact_commit + xact_rollback as n from pg_stat_database where datname = 'postgres'";
    const [row] = await postgres.query<{ n: string }>(text);
    return Number(row?.n);
  }

  it('are answered at once from memory while the database is frozen, with the age of the last probe', async () => {
    const client = await resilience.db.connect();
    await postgres.freeze();
    await eventually(async () => (await report()).status === 'unhealthy', 5000, 'the probe fails');
    const times: number[] = [];
    for (let i = 0; i < 100; i++) {
      for (const path of paths) {
        const began = performance.now();
        await (await fetch(url + path)).text();
        times.push(performance.now() - began);
      }
    }
    times.sort((a, b) => a - b);
    // One answer in a hundred may have met a busy machine.
    expect(times[Math.floor(times.length * 0.99)]).to.be.lessThan(promptMs);
    const { probe, age_ms, stale, checked_at } = await report();
    expect(probe).to.include({ ok: false });
    expect(age_ms).to.be.within(0, 10_000);
    expect(stale).to.equal(false);
    expect(Date.parse(checked_at ?? '')).to.be.within(Date.now() - 10_000, Date.now());
    client.release(true);
  });

  it('tell that they are well again', async () => {
    await postgres.freeze();
    await eventually(async () => (await fetch(`${url}/api/health`)).status === 503, 5000, 'the probe fails');
    await postgres.resume();
    await eventually(async () => (await fetch(`${url}/api/health`)).status === 200, 10_000, 'it is well again');
  });

  it('put nothing on the database, however often they are asked', async () => {
    const before = await transactions();
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) => fetch(url + (paths[i % 4] ?? '')).then((it) => it.text())),
    );
    // What the server tells of itself is up to a second old; its own statements and the probes are a few of them.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect((await transactions()) - before).to.be.lessThan(40);
  });
});
