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

  it('is promoted, and waits for nobody then', async () => {
    await primary.kill();
    await standby.query('select pg_promote()');
    await standby.query('insert into kept values (4)');
    expect(await standby.query('select n from kept order by n')).to.deep.equal([1, 2, 3, 4].map((n) => ({ n })));
  });
});
