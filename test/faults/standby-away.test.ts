import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeCommit } from '../../bench/ledger/aim.js';
import { ResilientPool } from '../../lib/pool/resilient-pool.js';
import { startFaultProxy, startPostgres, type FaultProxy, type PostgresServer } from '../../lib/testing/index.js';
import { eventually, settled } from '../support/settle.js';

describe('a synchronous standby that is not there', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;

  before(async () => {
    server = await startPostgres();
    proxy = await startFaultProxy({ target: server });
    pool = new ResilientPool({ connectionString: proxy.connectionString(server), min: 2 });
    await server.query('create table stored (n int)');
    await pool.query('select 1');
    await server.query(`alter system set synchronous_standby_names = 'nobody'`);
    await server.query('select pg_reload_conf()');
    await eventually(
      async () => JSON.stringify(await server.query('show synchronous_standby_names')).includes('nobody'),
      5000,
      'the setting',
    );
  });

  after(async () => {
    await pool.end();
    await proxy.close();
    await server.stop();
  });

  const insert = (n: number, timeoutMs: number) =>
    settled(
      pool.transaction((tx) => tx.query('insert into stored values ($1)', [n]), { timeoutMs, retries: 0 }),
      10_000,
    );
  const waiting = async () => (await server.query(`select from pg_stat_activity where wait_event = 'SyncRep'`)).length;

  it('keeps one outcome open, and neither those that are plain nor ever more sessions', async () => {
    const open = insert(1, 3500);
    await eventually(async () => (await waiting()) === 1, 5000, 'the COMMIT that waits');
    await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`);
    await eventually(async () => (await waiting()) === 1, 5000, 'the one who asks, and waits in its place');

    proxy.cutAfterMessage(beforeCommit);
    const plain = await insert(2, 2000);
    expect(plain.error).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'rolled-back' });

    let isOpen = true;
    void open.then(() => (isOpen = false));
    let most = 0;
    for (; isOpen; await sleep(50)) most = Math.max(most, await waiting());
    expect((await open).error).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'not-replicated' });
    expect(most).to.equal(1);
  });
});
