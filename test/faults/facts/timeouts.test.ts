import { expect } from 'chai';
import { describe } from 'mocha';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { QueryTimeoutError } from '../../../lib/errors/errors.js';
import { cancelTarget, requestCancel } from '../../../lib/pool/cancel.js';
import type { Relay } from './relay.js';
import { backendPid, countConnects, failure, isPendingAfter, Rig, soon, timed, value } from './rig.js';

describe('facts: time-outs and cancellation', () => {
  const rig = new Rig();

  rig.fact(
    'pg-failures: query_timeout leaves the backend active: given a statement that times out, then the server has stopped it and its connection is used again',
    async () => {
      const bare = rig.bare({ max: 1, query_timeout: 100 });
      expect((await failure(bare.query('select pg_sleep(9)'))).message).to.equal('Query read timeout');
      await sleep(200);
      expect((await rig.bareSessions())[0]).to.include({ state: 'active', query: 'select pg_sleep(9)' });

      const pool = rig.resilient({ max: 1 });
      const pid = await backendPid(pool);
      expectTimedOut(await failure(pool.query(timed('select pg_sleep(9)', 100)), 1400));
      await soon(async () => (await rig.sessions())[0]?.state === 'idle', 'the server has stopped the statement');
      expect(await backendPid(pool)).to.equal(pid);
    },
  );

  rig.fact(
    'pg-failures: a timed-out client is released: given a borrower that timed out, when it releases, then the next borrower does not time out',
    async () => {
      const bare = rig.bare({ max: 1, query_timeout: 100 });
      const stale = await bare.connect();
      await failure(stale.query('select pg_sleep(9)'));
      stale.release();
      expect((await failure(bare.query('select 1'))).message).to.equal('Query read timeout');

      const pool = rig.resilient({ max: 1 });
      const client = await pool.connect();
      expectTimedOut(await failure(client.query(timed('select pg_sleep(9)', 100)), 1400));
      client.release();
      const { rows } = await value(pool.query<{ one: number }>('select 1 as one'));
      expect(rows).to.deep.equal([{ one: 1 }]);
    },
  );

  rig.fact(
    'pg-failures: a suspended cursor shows status I, is active on the server and ignores a cancel: given its client is released, then nobody gets that connection',
    async () => {
      const bare = rig.bare({ max: 1 });
      const suspended = await suspendCursor(await bare.connect());
      expect(suspended.client.getTransactionStatus()).to.equal('I');
      expect((await rig.bareSessions())[0]).to.include({ state: 'active' });
      expect(await requestCancel(cancelTargetOf(suspended.client), 4000)).to.equal(true);
      expect(await value(suspended.cursor.read(5))).to.have.length(5);
      suspended.client.release();
      expect(await isPendingAfter(400, bare.query('select 1'))).to.equal(true);

      const pool = rig.resilient({ max: 1 });
      const connects = countConnects(pool);
      const { client } = await suspendCursor(await pool.connect());
      const { pid } = (await rig.sessions())[0] as { pid: number };
      client.release();
      expect(await backendPid(pool)).to.not.equal(pid);
      expect(connects()).to.equal(2);
      await rig.whenGone(pid);
    },
  );

  rig.fact(
    'pg-failures: a suspended cursor whose borrower closes it just after releasing: given it ends in time, then its connection is kept',
    async () => {
      const pool = rig.resilient({ max: 1 });
      const connects = countConnects(pool);
      const { client, cursor } = await suspendCursor(await pool.connect());
      client.release();
      await value(cursor.close());
      await backendPid(pool);
      expect(connects()).to.equal(1);
    },
  );

  rig.fact(
    'pg-failures: query_timeout: given the server has confirmed the cancel and is not ready yet, then the caller is told of the time-out all the same',
    async () => {
      const relay = await rig.relay();
      const pool = rig.resilient({ connectionString: relay.connectionString(rig.server), max: 1 });
      await pool.query('select 1');
      relay.holdReadyMs = 1000;
      const error = await failure(pool.query(timed('select pg_sleep(9)', 100)));
      expectTimedOut(error);
      expect(error.outcome).to.equal('rolled-back');
      relay.holdReadyMs = 0;
      await value(pool.query('select 1'));
    },
  );

  rig.fact(
    'pg-failures: query_timeout: given the connection is lost after the server has confirmed the cancel, then the caller is told of the time-out all the same',
    async () => {
      const proxy = await rig.proxy();
      const pool = rig.resilient({ connectionString: proxy.connectionString(rig.server), max: 1 });
      await pool.query('select 1');
      const cut = proxy.cutAfterMessage({ direction: 'toClient', match: ({ type }) => type === 'E', when: 'after' });
      const error = await failure(pool.query(timed('select pg_sleep(9)', 100)));
      expectTimedOut(error);
      expect(cut.happened).to.equal(1);
      await value(pool.query('select 1'));
    },
  );

  rig.fact(
    'hot-path 1: error callbacks run before ReadyForQuery: given an awaited statement that failed, then the transaction status is the one after it',
    async () => {
      const relay = await rig.relay();
      const connectionString = relay.connectionString(rig.server);
      const bare = await rig.bare({ connectionString, max: 1 }).connect();
      expect(await statusesAfterFailures(bare, relay)).to.deep.equal({ begun: 'I', committed: 'T' });

      const client = await rig.resilient({ connectionString, max: 1 }).connect();
      expect(await statusesAfterFailures(client, relay)).to.deep.equal({ begun: 'E', committed: 'I' });
      client.release();
    },
  );

  rig.fact(
    'hot-path 1: error callbacks run before ReadyForQuery: given a failed transaction that was not ended, then the next caller never gets 25P02',
    async () => {
      const relay = await rig.relay();
      const connectionString = relay.connectionString(rig.server);
      const bare = rig.bare({ connectionString, max: 1 });
      const failed = await bare.connect();
      expect(await failLate(relay, failed, 'begin; select 1/0')).to.include({ code: '22012', status: 'I' });
      failed.release();
      expect((await failure(bare.query('select 1'))).code).to.equal('25P02');

      const pool = rig.resilient({ connectionString, max: 1 });
      await value(pool.query('select 1'));
      relay.holdReadyMs = heldMs;
      const next: Promise<unknown>[] = [];
      const first = failure(pool.query('begin; select 1/0')).finally(() => next.push(pool.query('select 2')));
      next.push(pool.query('select 1'));
      expect((await first).code).to.equal('22012');
      relay.holdReadyMs = 0;
      await value(Promise.all(next));

      const client = await pool.connect();
      expect(await failLate(relay, client, 'begin; select 1/0')).to.include({ code: '22012', status: 'E' });
      client.release();
      await value(pool.query('select 1'));
    },
  );
});

function expectTimedOut(error: Error & { outcome?: string }): void {
  expect(error).to.be.instanceOf(QueryTimeoutError);
  // The caller waits a moment only for the proof that the statement was undone, which a busy machine may exceed.
  expect(error.outcome).to.be.oneOf(['rolled-back', 'unknown']);
  if (error.outcome === 'rolled-back') expect((error.cause as pg.DatabaseError).code).to.equal('57014');
}

const heldMs = 100;

/** What a statement failed with, and which transaction status its client then shows. */
async function failLate(relay: Relay, client: pg.PoolClient, text: string) {
  relay.holdReadyMs = heldMs;
  const { code } = await failure(client.query(text));
  const status = client.getTransactionStatus();
  relay.holdReadyMs = 0;
  return { code, status };
}

async function statusesAfterFailures(client: pg.PoolClient, relay: Relay) {
  await client.query('create temp table late (id int unique deferrable initially deferred)');
  const begun = await failLate(relay, client, 'begin; select 1/0');
  await client.query('rollback');
  await client.query('begin; insert into late values (1), (1)');
  const committed = await failLate(relay, client, 'commit');
  expect([begun.code, committed.code]).to.deep.equal(['22012', '23505']);
  return { begun: begun.status, committed: committed.status };
}

async function suspendCursor(client: pg.PoolClient) {
  const cursor = client.query(new Cursor('select n from generate_series(1, 1000) n'));
  expect(await value(cursor.read(5))).to.have.length(5);
  return { client, cursor };
}

function cancelTargetOf(client: pg.PoolClient) {
  const target = cancelTarget(client);
  if (target === undefined) throw new Error('the client has no backend');
  return target;
}
