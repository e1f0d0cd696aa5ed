import { expect } from 'chai';
import { startPostgres, startStandby, type PostgresServer } from '../../../lib/testing/index.js';
import { eventually } from '../../support/settle.js';
import { rejection } from './observe.js';

describe('startStandby', () => {
  let primary: PostgresServer;
  let standby: PostgresServer;

  before(async () => {
    primary = await startPostgres();
    await primary.query('create table kept (n int)');
    await primary.query('insert into kept values (1)');
    standby = await startStandby(primary, { synchronous: true, settings: { work_mem: '5MB' } });
  });

  after(async () => {
    await Promise.all([primary.stop(), standby.stop()]);
  });

  it('has what the primary had, and gets what it is given', async () => {
    expect(await standby.query('select n from kept')).to.deep.equal([{ n: 1 }]);
    await primary.query('insert into kept values (2)');
    await eventually(async () => (await standby.query('select n from kept')).length === 2, 5000, 'the second row');
    expect(await standby.query('show work_mem')).to.deep.equal([{ work_mem: '5MB' }]);
  });

  it('reads only', async () => {
    expect(await rejection(standby.query('insert into kept values (3)'))).to.have.property('code', '25006');
  });

  it('is waited for by COMMIT', async () => {
    await standby.kill();
    let stored = false;
    const insert = primary.query('insert into kept values (3)').then(() => (stored = true));
    await eventually(
      async () => (await primary.query(`select from pg_stat_activity where wait_event = 'SyncRep'`)).length === 1,
      5000,
      'the COMMIT that waits',
    );
    expect(stored).to.equal(false);
    await standby.start();
    await insert;
  });

  it('is promoted, whatever it has yet to replay, and waits for nobody then', async () => {
    await standby.query('select pg_wal_replay_pause()');
    await primary.query('delete from kept where n = 3');
    await primary.query('insert into kept values (3)');
    await primary.query('vacuum kept'); // its replay waits for every older snapshot on the standby
    await received(primary, standby);
    await primary.kill();
    await standby.promote();
    await standby.query('insert into kept values (4)');
    expect(await standby.query('select n from kept order by n')).to.deep.equal([1, 2, 3, 4].map((n) => ({ n })));
  });

  it('is promoted once', async () => {
    expect(await rejection(standby.promote())).to.have.property('code', '55000');
  });
});

async function received(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  const [written] = await primary.query<{ end: string }>('select pg_current_wal_flush_lsn()::text as end');
  await eventually(
    async () => {
      const [row] = await standby.query<{ all: boolean }>('select pg_last_wal_receive_lsn() >= $1::pg_lsn as all', [
        written?.end,
      ]);
      return row?.all === true;
    },
    5000,
    'the standby to receive all',
  );
}
