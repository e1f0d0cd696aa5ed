import { expect } from 'chai';
import { CancelledError, ConfigurationError, connectWithRetry, ConnectionLostError } from '../../../lib/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { settled } from '../../support/settle.js';

describe('connectWithRetry', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;

  before(async () => {
    server = await sharedPostgres();
  });
  beforeEach(async () => {
    proxy = await startFaultProxy({ target: server });
  });
  afterEach(async () => {
    expect(await socketsAfter(2000), 'a connection is left').to.equal(0);
    await proxy.close();
  });

  async function socketsAfter(ms: number): Promise<number> {
    const until = performance.now() + ms;
    while (proxy.connections > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    return proxy.connections;
  }

  const url = () => proxy.connectionString(server);

  it('resolves with a pool that has a connection', async () => {
    const pool = await connectWithRetry({ connectionString: url(), min: 0 });
    expect(pool.idleCount).to.equal(1);
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await pool.end();
  });

  it('waits for a database that comes later', async () => {
    await proxy.refuse();
    const delays: number[] = [];
    const connecting = connectWithRetry(
      { connectionString: url(), min: 0 },
      { attempts: 100, minDelayMs: 10, maxDelayMs: 50, onRetry: ({ delayMs }) => delays.push(delayMs) },
    );
    const later = settled(connecting, 15_000);
    while (delays.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    await proxy.pass();
    const { value: pool, error } = await later;
    expect(error).to.equal(undefined);
    expect(Math.max(...delays)).to.be.at.most(50);
    expect(new Set(delays).size, 'pauses are random').to.be.greaterThan(1);
    await pool?.end();
  });

  it('gives up after the attempts, with the last reason', async () => {
    await proxy.refuse();
    const tries: number[] = [];
    const { error } = await settled(
      connectWithRetry(
        { connectionString: url() },
        { attempts: 3, minDelayMs: 1, maxDelayMs: 2, onRetry: ({ attempt }) => tries.push(attempt) },
      ),
      5000,
    );
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error?.message).to.match(
      /^No connection to the database in 3 attempts; the last one failed: .*ECONNREFUSED/,
    );
    expect(tries).to.deep.equal([1, 2]);
  });

  it('gives up after the total time, also where nothing answers', async () => {
    proxy.blackHole();
    const { error, ms } = await settled(connectWithRetry({ connectionString: url() }, { maxTotalMs: 300 }), 3000);
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error?.message).to.equal(
      'No connection to the database in 1 attempt within 300 ms; the server did not answer',
    );
    expect(ms).to.be.at.least(295);
    await proxy.pass();
  });

  it('stops at once when its signal is aborted, before, between and during attempts', async () => {
    const early = await settled(connectWithRetry({ connectionString: url() }, { signal: AbortSignal.abort() }), 1000);
    expect(early.error).to.be.instanceOf(CancelledError);

    proxy.blackHole();
    const during = new AbortController();
    setTimeout(() => during.abort(), 50);
    const second = await settled(connectWithRetry({ connectionString: url() }, { signal: during.signal }), 2000);
    expect(second.error).to.be.instanceOf(CancelledError);
    await proxy.pass();

    await proxy.refuse();
    const between = new AbortController();
    const third = await settled(
      connectWithRetry(
        { connectionString: url() },
        {
          minDelayMs: 60_000,
          maxDelayMs: 60_000,
          signal: between.signal,
          onRetry: () => setTimeout(() => between.abort(), 10),
        },
      ),
      2000,
    );
    expect(third.error).to.be.instanceOf(CancelledError);
  });

  it('a throwing onRetry ends it', async () => {
    await proxy.refuse();
    const { error } = await settled(
      connectWithRetry(
        { connectionString: url() },
        {
          onRetry: () => {
            throw new Error('enough');
          },
        },
      ),
      2000,
    );
    expect(String((error as Error).message)).to.include('enough');
  });

  describe('fails at once, and says what to change, for', () => {
    const hopeless: [string, (url: URL) => void, string, RegExp][] = [
      ['a wrong password', (u) => (u.password = 'hunter2-secret'), 'password', /28P01.*password/is],
      ['an unknown user', (u) => (u.username = 'nobody-here'), 'password', /28P01/],
      ['an unknown database', (u) => (u.pathname = '/not_there'), 'database', /3D000.*database/is],
      ['TLS that the server does not offer', (u) => u.searchParams.set('sslmode', 'require'), 'ssl', /SSL|TLS/],
    ];
    for (const [what, change, option, message] of hopeless) {
      it(what, async () => {
        const wrong = new URL(url());
        change(wrong);
        const retried: unknown[] = [];
        const { error } = await settled(
          connectWithRetry({ connectionString: wrong.href }, { onRetry: (failure) => retried.push(failure) }),
          5000,
        );
        expect(error).to.be.instanceOf(ConfigurationError);
        expect((error as ConfigurationError).option).to.equal(option);
        expect(error?.message).to.match(message);
        expect(error?.message).not.to.include('hunter2');
        expect(retried).to.deep.equal([]);
      });
    }
  });

  it('refuses impossible options by name', async () => {
    for (const [options, option] of [
      [{ attempts: 0 }, 'attempts'],
      [{ attempts: 1.5 }, 'attempts'],
      [{ maxTotalMs: Infinity }, 'maxTotalMs'],
      [{ minDelayMs: -1 }, 'minDelayMs'],
      [{ retries: 3 }, 'retries'],
      [{ onRetry: 'log' }, 'onRetry'],
      [{ signal: {} }, 'signal'],
    ] as const) {
      const { error } = await settled(connectWithRetry({ connectionString: url() }, options as never), 1000);
      expect(error).to.be.instanceOf(ConfigurationError);
      expect((error as ConfigurationError).option).to.equal(option);
    }
  });
});
