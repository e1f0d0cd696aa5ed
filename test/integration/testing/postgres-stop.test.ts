import { expect } from 'chai';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../../lib/testing/index.js';
import { dialResult, rejection, tracesLeft, tracesOf } from './observe.js';

describe('PostgresServer.stop', function () {
  this.timeout(60_000);

  for (const state of ['running', 'frozen', 'killed', 'shut down'] as const) {
    it(`removes a server that is ${state}, once`, async () => {
      const server = await startPostgres();
      const traces = await tracesOf(server);
      expect(tracesLeft(traces)).to.have.length.greaterThan(6);
      if (state === 'frozen') await server.freeze();
      if (state === 'killed') await server.kill();
      if (state === 'shut down') await server.shutdown();

      await Promise.all([server.stop(), server.stop()]);
      await server.stop();
      expect(tracesLeft(traces)).to.deep.equal([]);
      expect(await dialResult(server.port)).to.equal('ECONNREFUSED');

      await server.kill();
      expect(await rejection(server.start()))
        .to.have.property('message')
        .that.includes('was stopped');
    });
  }

  it('ends a start that is under way', async () => {
    const server = await startPostgres();
    const traces = await tracesOf(server);
    await server.kill();
    const started = rejection(server.start());
    await server.stop();
    await started;
    expect(server.pid).to.equal(undefined);
    expect(tracesLeft(traces)).to.deep.equal([]);
  });

  it('leaves the port to others, and the port that others have to them', async () => {
    const first = await startPostgres();
    const { port } = first;
    const elsewhere = mkdtempSync(join(tmpdir(), 'express-db-resilience-test-'));
    chmodSync(elsewhere, 0o711);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = elsewhere;
    try {
      const { message } = await rejection(startPostgres({ port }));
      expect(message).to.match(new RegExp(`port ${String(port)} ended while it was starting.*could not bind`, 's'));
      expect(readdirSync(elsewhere)).to.deep.equal([]);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      rmSync(elsewhere, { recursive: true });
    }
    expect(await first.query('select 1 as n')).to.deep.equal([{ n: 1 }]);
    await first.stop();

    const second = await startPostgres({ port, durable: true });
    expect(second.port).to.equal(port);
    expect(await second.query('show fsync')).to.deep.equal([{ fsync: 'on' }]);
    expect(second.tlsCertificate).to.equal(undefined);
    await second.stop();
  });

  it('is what `await using` calls', async () => {
    const server = await startPostgres();
    const traces = await tracesOf(server);
    await server[Symbol.asyncDispose]();
    expect(tracesLeft(traces)).to.deep.equal([]);
  });
});
