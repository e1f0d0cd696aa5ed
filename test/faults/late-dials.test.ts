import { expect } from 'chai';
import { AcquireTimeoutError, ResilientPool } from '../../lib/index.js';
import { startFaultProxy, type FaultProxy } from '../../lib/testing/index.js';
import { sharedPostgres } from '../support/postgres.js';

describe('attempts to connect that hang', () => {
  let proxy: FaultProxy;
  let pool: ResilientPool;

  const open = async (max: number, acquireTimeoutMs = 30_000) => {
    const server = await sharedPostgres();
    proxy = await startFaultProxy({ target: server });
    // The attempts themselves would go on for half a minute.
    pool = new ResilientPool({
      connectionString: proxy.connectionString(server),
      max,
      min: 0,
      circuit: false,
      acquireTimeoutMs,
    });
  };

  afterEach(async () => {
    await pool.end();
    await proxy.close();
  });

  for (const max of [1, 3]) {
    it(`do not keep a pool of ${String(max)} from a server that is there again`, async () => {
      await open(max);
      proxy.blackHole();
      const answers = Array.from({ length: 5 }, () => pool.query('select 1'));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await proxy.pass();
      const healed = performance.now();
      await Promise.all(answers);
      // A new attempt a second after the last one; fourfold.
      expect(performance.now() - healed).to.be.below(4000);
      expect(pool.totalCount).to.be.at.most(max);
    });
  }

  it('and succeed after all are used, and never make more connections than max', async () => {
    await open(2);
    // A round trip takes 600 ms, connecting several.
    proxy.latency(300);
    const counts: number[] = [];
    pool.on('connect', () => counts.push(pool.totalCount));
    const answers = await Promise.all(Array.from({ length: 4 }, () => pool.query('select 1')));
    expect(answers).to.have.lengthOf(4);
    await proxy.pass();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.totalCount).to.equal(2);
    expect(pool.idleCount).to.equal(2);
    expect(counts.length).to.be.at.least(2);
  }).timeout(30_000);

  it('are given up beyond max of them', async () => {
    await open(2, 4500);
    proxy.blackHole();
    const failures = await Promise.all(
      Array.from({ length: 3 }, () => pool.query('select 1').catch((error: unknown) => error)),
    );
    expect(proxy.accepted).to.be.at.least(6);
    for (const failure of failures) {
      expect(failure).to.be.instanceOf(AcquireTimeoutError);
      const { counts, cause } = failure as AcquireTimeoutError;
      // As many late ones as max, and as many young ones.
      expect(counts.connecting).to.be.at.most(4);
      expect(counts.total).to.be.at.most(2);
      expect((cause as Error).message).to.match(/^The server did not accept a connection within \d+ ms$/);
    }
  });
});
