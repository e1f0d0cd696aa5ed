import { setTimeout as sleep } from 'node:timers/promises';
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

for (const version of versions) {
  describe(`${version.name}: an open circuit`, function () {
    this.timeout(30_000);

    let server: PostgresServer;
    let proxy: FaultProxy;
    let resilience: DbResilience;
    let app: TestApp;

    before(async () => {
      server = await startPostgres();
    });
    after(() => server.stop());
    beforeEach(async () => {
      proxy = await startFaultProxy({ target: server });
      resilience = dbResilience({
        connectionString: proxy.connectionString(server),
        name: 'orders',
        max: 4,
        acquireTimeoutMs: 1000,
        queryTimeoutMs: 500,
        drainTimeoutMs: 500,
        circuit: { probeTimeoutMs: 500, probeIntervalMs: 200 },
      });
      app = await serve(version, resilience);
      await resilience.ready();
    });
    afterEach(async () => {
      await proxy.pass();
      await app.close();
      await resilience.close();
      await proxy.close();
    });

    const get = (path: string) => request(app.url).get(path);
    const circuit = () => resilience.db.circuit;
    const becomes = (state: string) => eventually(() => circuit().state === state, 8000, `it is ${state}`);

    async function fall(): Promise<void> {
      await proxy.refuse();
      proxy.reset();
      await get('/echo/first');
      await becomes('open');
    }
    const retryAfter = (response: Response) => Number(response.get('Retry-After'));

    function expectRefused(response: Response): void {
      expect(response.status, response.text).to.equal(503);
      expect(response.type).to.equal('application/problem+json');
      expect(response.get('Retry-After')).to.match(/^[1-9]\d*$/);
      expect(response.get('Cache-Control')).to.equal('no-store');
      expect(response.body).to.deep.equal({
        type: 'urn:express-db-resilience:circuit-open',
        title: (response.body as { title: string }).title,
        status: 503,
        detail: (response.body as { detail: string }).detail,
        code: 'DB_CIRCUIT_OPEN',
        outcome: 'not-executed',
        retryable: true,
      });
      const told = response.text + JSON.stringify(response.headers);
      expect(told).not.to.match(/127\.0\.0\.1|select|ECONN|ETIMEDOUT|stack|node_modules|postgres:|password/i);
      for (const secret of [String(proxy.port), String(server.port), server.password]) {
        expect(told).not.to.include(secret);
      }
    }

    it('answers every request 503 with Retry-After, and 200 once it is closed', async () => {
      expect((await get('/echo/before')).body).to.deep.equal({ text: 'before' });
      await fall();
      for (const response of await Promise.all(Array.from({ length: 50 }, () => get('/echo/refused')))) {
        expectRefused(response);
      }
      expectRefused(await request(app.url).post('/writes'));
      expect(app.seen).to.deep.equal([]);
      await proxy.pass();
      await becomes('closed');
      const after = await Promise.all(Array.from({ length: 20 }, () => get('/echo/after')));
      expect(new Set(after.map(({ status }) => status))).to.deep.equal(new Set([200]));
    });

    it('is not ready while it is open, and alive all the time', async () => {
      expect((await get('/api/readyz')).status).to.equal(200);
      await fall();
      const unready = await get('/api/readyz');
      expect(unready.status).to.equal(503);
      expect(unready.body).to.deep.equal({ status: 'not_ready', reason: 'database_unreachable' });
      expect((await get('/api/livez')).status).to.equal(200);
      await proxy.pass();
      await becomes('closed');
      await eventually(async () => (await get('/api/readyz')).status === 200, 4000, 'it is ready');
      expect(resilience.isReady).to.equal(true);
    });

    it('says that it is isolated where that was done by hand, and is ready after resume()', async () => {
      circuit().isolate();
      expectRefused(await get('/echo/refused'));
      const unready = await get('/api/readyz');
      expect(unready.status).to.equal(503);
      expect(unready.body).to.deep.equal({ status: 'not_ready', reason: 'isolated' });
      const ready = resilience.ready();
      await sleep(100);
      circuit().resume();
      await ready;
      expect((await get('/api/readyz')).status).to.equal(200);
      expect((await get('/echo/again')).body).to.deep.equal({ text: 'again' });
    });

    it('has ready() wait until it is closed', async () => {
      await fall();
      let isReady = false;
      const ready = resilience.ready().then(() => (isReady = true));
      await sleep(300);
      expect(isReady).to.equal(false);
      await proxy.pass();
      await ready;
      expect((await get('/echo/again')).status).to.equal(200);
    });

    it('says a longer Retry-After the sooner it opens again', async () => {
      for (const leastOpenMs of [0, 1000, 2000, 4000]) {
        await fall();
        expect(circuit().describe().leastOpenMs).to.equal(leastOpenMs);
        const response = await get('/echo/refused');
        const { openedForMs = 0 } = circuit().describe();
        expectRefused(response);
        expect(retryAfter(response) * 1000).to.be.at.least(leastOpenMs - openedForMs);
        if (leastOpenMs === 4000) break;
        await proxy.pass();
        await becomes('closed');
        expect((await get('/echo/between')).status).to.equal(200);
      }
    });

    it('lets through what it would have refused in mode metrics-only', async () => {
      circuit().mode = 'metrics-only';
      await fall();
      const response = await get('/echo/through');
      expect(response.status).to.equal(503);
      expect(response.body).to.include({ code: 'DB_CONNECTION_LOST' });
      await proxy.pass();
      expect((await get('/echo/through')).status).to.equal(200);
    });
  });
}
