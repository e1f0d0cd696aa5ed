import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ResilientPool } from '../../../lib/index.js';
import { startPostgres } from '../../../lib/testing/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { eventually, expectNothingLeft, settled } from '../../support/settle.js';
import { becomes, changesOf, Load } from './load.js';

describe('a server that is killed for a second, four times, a second after the last', function () {
  this.timeout(60_000);

  const application_name = 'flapping';
  let server: PostgresServer;
  let pool: ResilientPool;

  before(async () => {
    server = await startPostgres();
    pool = new ResilientPool({
      connectionString: server.connectionString,
      application_name,
      max: 4,
      acquireTimeoutMs: 2000,
      queryTimeoutMs: 1000,
      circuit: { probeTimeoutMs: 500, probeIntervalMs: 200 },
    });
  });
  after(async () => {
    await settled(pool.end(), 5000);
    await server.stop();
  });

  it('hangs nobody, is stormed less and less, and serves in the end', async () => {
    const changes = changesOf(pool);
    const load = new Load(() => pool.query('select pg_sleep(0.005)'));
    await eventually(() => load.succeeded >= 25, 5000, 'it works');
    for (let turn = 0; turn < 4; turn++) {
      await server.kill();
      await sleep(1000);
      await server.start();
      await sleep(1000);
    }
    await becomes(pool, 'closed', 16_000);
    const closedAt = performance.now();
    await sleep(1000);
    await load.stop();

    const openings = changes.filter(({ from, to }) => from === 'closed' && to === 'open');
    expect(openings.length).to.be.at.least(2);
    const leastMs = openings.map(({ leastOpenMs }) => leastOpenMs);
    expect(leastMs).to.deep.equal(leastMs.map((_, i) => (i === 0 ? 0 : 1000 * 2 ** (i - 1))));
    for (const opening of openings) {
      const closing = changes.find(({ at, to }) => to === 'closed' && at > opening.at);
      expect((closing?.at ?? NaN) - opening.at).to.be.at.least(opening.leastOpenMs);
    }

    const late = load.ended.filter(({ begunAt, endedAt }) => endedAt - begunAt > 400);
    expect(load.ended.length).to.be.at.least(200);
    expect(late.length / load.ended.length, 'share that took longer than 400 ms').to.be.at.most(0.25);
    for (const { error, begunAt } of load.ended) if (begunAt > closedAt) expect(error).to.equal(undefined);
    await expectNothingLeft(pool, server, application_name);
  });
});
