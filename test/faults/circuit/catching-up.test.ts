import { expect } from 'chai';
import { ResilientPool } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';

describe('a pool whose server is slow to accept connections after an outage', () => {
  it('opens no more at a time than have come about, and one, and serves everybody', async () => {
    const server = await sharedPostgres();
    const proxy = await startFaultProxy({ target: server });
    const pool = new ResilientPool({
      connectionString: proxy.connectionString(server),
      max: 16,
      min: 0,
      circuit: { probeIntervalMs: 50, rampMs: 20 },
    });
    let most = 0;
    let isBounded = true;
    try {
      await proxy.refuse();
      while (pool.circuit.state === 'closed') await pool.query('select 1').catch(() => undefined);
      await proxy.pass();
      await eventually(() => pool.circuit.state === 'closed', 10_000, 'it is closed');
      proxy.latency(20);
      const watch = setInterval(() => {
        const { connecting, total } = pool.describe().connections;
        most = Math.max(most, connecting);
        isBounded &&= connecting <= 1 + total - connecting;
      }, 1);
      const answers = await Promise.all(Array.from({ length: 200 }, () => pool.query('select 1 as one')));
      clearInterval(watch);
      expect(answers).to.have.length(200);
    } finally {
      await proxy.pass();
      await pool.end();
      await proxy.close();
    }
    expect(most, 'it had to open several').to.be.above(1);
    expect(isBounded).to.equal(true);
  });
});
