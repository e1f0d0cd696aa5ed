import { expect } from 'chai';
import { describe } from 'mocha';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { classify } from '../../../lib/errors/classify.js';
import { AcquireTimeoutError, ConnectionLostError, QueryTimeoutError } from '../../../lib/errors/errors.js';
import { backendPid, countConnects, failure, isPendingAfter, Rig, soon, timed, value } from './rig.js';

describe('facts: waiting for a connection', () => {
  const rig = new Rig();

  rig.fact(
    'pg-failures: late client: given a caller that gave up, when its client arrives, then the pool keeps it for the next',
    async () => {
      const bare = rig.bare({ max: 1 });
      const first = await bare.connect();
      const gaveUp = Promise.race([bare.connect(), sleep(50).then(() => Promise.reject(new Error('gave up')))]);
      expect((await failure(gaveUp)).message).to.equal('gave up');
      first.release();
      expect(await isPendingAfter(400, bare.connect())).to.equal(true);
      expect([bare.totalCount, bare.idleCount]).to.deep.equal([1, 0]);

      let connectMs = 0;
      const pool = rig.resilient({ max: 1, acquireTimeoutMs: 1500, onConnect: () => sleep(connectMs) });
      const connects = countConnects(pool);
      const holder = await pool.connect();
      const waiting = pool.connect();
      connectMs = 600;
      void sleep(1100).then(() => holder.release(true));
      expect(await failure(waiting, 6000)).to.be.instanceOf(AcquireTimeoutError);
      await soon(() => pool.idleCount === 1, 'the late connection is idle');
      await value(pool.query('select 1'));
      expect([pool.totalCount, pool.idleCount, connects()]).to.deep.equal([1, 1, 2]);
    },
  );

  rig.fact(
    'pg-failures: unbounded onConnect: given an onConnect that never ends, then the caller is answered in time and its connection closed',
    async () => {
      const stuck = { onConnect: never };
      const bare = rig.bare({ max: 1, connectionTimeoutMillis: 800, ...stuck });
      expect(await isPendingAfter(1300, bare.connect())).to.equal(true);

      let hangs = true;
      const pool = rig.resilient({ max: 1, acquireTimeoutMs: 800, onConnect: () => (hangs ? never() : undefined) });
      const error = await failure(pool.query('select 1'), 3200);
      expect(error).to.be.instanceOf(AcquireTimeoutError);
      expectNotExecuted(error);
      await soon(async () => (await rig.sessions()).length === 0, 'the stuck connection is closed');
      hangs = false;
      await value(pool.query('select 1'));
      expect(await rig.sessions()).to.have.length(1);
    },
  );

  rig.fact(
    'pg-failures: eviction over a dead link: given a released client whose server never closes, then the next waiter does not wait for it',
    async () => {
      const bare = rig.bare({ max: 1 });
      const stuck = await bare.connect();
      await whileFrozen(await backendPid(stuck), async () => {
        const waiter = bare.connect();
        stuck.release(true);
        expect(await isPendingAfter(700, waiter)).to.equal(true);
        expect([bare.totalCount, bare.waitingCount]).to.deep.equal([0, 1]);
      });

      const pool = rig.resilient({ max: 1 });
      const frozen = await pool.connect();
      const pid = await backendPid(frozen);
      await whileFrozen(pid, async () => {
        const waiter = pool.connect();
        frozen.release(true);
        const client = await value(waiter);
        expect(await backendPid(client)).to.not.equal(pid);
        client.release();
      });
    },
  );

  rig.fact(
    'pg-failures: DNS: given a host that does not exist, then the error says so at once and that nothing was executed',
    async () => {
      // No label of a name may be longer than 63 characters, so that no name server is needed to know.
      const host = `${'a'.repeat(64)}.invalid`;
      const where = { connectionString: undefined, host, user: 'nobody', password: 'not-to-be-seen', database: 'none' };
      expect((await failure(rig.bare(where).query('select 1'))).code).to.equal('ENOTFOUND');

      const pool = rig.resilient({ ...where, acquireTimeoutMs: 4000 });
      const error = await failure(pool.query('select 1'));
      expect(error).to.be.instanceOf(ConnectionLostError);
      expectNotExecuted(error);
      expect((error.cause as NodeJS.ErrnoException).code).to.equal('ENOTFOUND');
      expect(error.message)
        .to.include('could not be reached')
        .and.to.include('ENOTFOUND')
        .and.not.include('not-to-be-seen');
      expect(pool.lastConnectError).to.equal(error);
      const verdict = { kind: 'unreachable', retry: 'statement', countsAgainstCircuit: true, hopeless: false };
      expect(classify(error, 'connect')).to.include(verdict);
    },
  );

  rig.fact(
    'pg-failures: three different time-out errors: given a time-out in the queue, on the socket or in a statement, then each error has code, outcome and numbers',
    async () => {
      const proxy = await rig.proxy();
      const connectionString = proxy.connectionString(rig.server);
      const bare = rig.bare({ max: 1, connectionTimeoutMillis: 800 });
      const held = await bare.connect();
      expect((await failure(bare.connect())).message).to.equal('timeout exceeded when trying to connect');
      held.release();
      proxy.blackHole();
      const onSocket = await failure(rig.bare({ connectionString, connectionTimeoutMillis: 100 }).connect());
      expect(onSocket.message).to.equal('Connection terminated due to connection timeout');
      expect(onSocket.code).to.equal(undefined);
      const alone = new pg.Client({ connectionString, connectionTimeoutMillis: 100 });
      expect((await failure(alone.connect())).message).to.equal('timeout expired');
      await proxy.pass();

      const pool = rig.resilient({
        name: 'orders',
        connectionString,
        max: 1,
        acquireTimeoutMs: 800,
      });
      const client = await pool.connect();
      const queued = (await failure(pool.connect(), 3200)) as AcquireTimeoutError;
      expect(queued).to.be.instanceOf(AcquireTimeoutError);
      expectNotExecuted(queued);
      expect(queued.pool).to.equal('orders');
      expect(queued.waitedMs).to.be.within(799, 3200);
      expect(queued.counts).to.include({ total: 1, active: 1, idle: 0, waiting: 1, max: 1 });

      const slow = (await failure(client.query(timed('select pg_sleep(9)', 100)))) as QueryTimeoutError;
      expect(slow).to.be.instanceOf(QueryTimeoutError);
      expect([slow.code, slow.retryable]).to.deep.equal(['DB_QUERY_TIMEOUT', false]);
      expect(slow.outcome).to.be.oneOf(['rolled-back', 'unknown']);
      expect(slow.timeoutMs).to.equal(100);

      proxy.blackHole();
      client.release(true);
      const unreached = (await failure(pool.connect(), 3200)) as AcquireTimeoutError;
      expect(unreached).to.be.instanceOf(AcquireTimeoutError);
      expectNotExecuted(unreached);
      expect(unreached.counts).to.include({ total: 1, active: 0, connecting: 1, waiting: 1 });
      await proxy.pass();
    },
  );

  rig.fact(
    'pg-failures: end() waits for ever: given a checked-out client with a running statement, when the pool ends, then it is drained, cancelled and closed in time',
    async () => {
      const bare = rig.bare({ max: 1 });
      await bare.connect();
      expect(await isPendingAfter(500, bare.end())).to.equal(true);

      const pool = rig.resilient({ max: 2, queryTimeoutMs: 30_000, drainTimeoutMs: 200 });
      const client = await pool.connect();
      const running = failure(client.query('select pg_sleep(30)'));
      await soon(async () => (await rig.sessions())[0]?.state === 'active', 'the statement runs');
      await value(pool.end(), 3000);
      const error = await running;
      expect(error).to.be.instanceOf(ConnectionLostError);
      expect(error.outcome).to.equal('unknown');
      await soon(async () => (await rig.sessions()).length === 0, 'the server has stopped the statement');
      client.release();
      expect(pool.totalCount).to.equal(0);
    },
  );
});

function never(): Promise<void> {
  return new Promise(() => undefined);
}

function expectNotExecuted(error: Error & { code?: string; outcome?: string; retryable?: boolean }): void {
  expect([error.outcome, error.retryable]).to.deep.equal(['not-executed', true]);
}

/** A backend that stands still: its socket is open, and nothing that is sent to it is answered, not even an end. */
async function whileFrozen(pid: number, work: () => Promise<void>): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
