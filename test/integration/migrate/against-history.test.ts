import { expect } from 'chai';
import { startPostgres, startStandby } from '../../../lib/testing/index.js';
import { managerOf } from '../../support/migrations.js';
import { failureOf } from '../compat/failure-of.js';
import { AppliedTwo, firstTwo } from './applied-two.js';

const earlier = '20240101000000_a.sql';
const later = '20240201000000_b.sql';

describe('migrations that do not go with the history are refused, and nothing is changed', function () {
  this.timeout(60_000);
  let two: AppliedTwo;

  beforeEach(async () => {
    two = await AppliedTwo.make();
  });
  afterEach(() => two[Symbol.asyncDispose]());

  it('for a file that was edited after it was applied, until that is accepted', async () => {
    await two.folder.write({ '001_first.sql': '-- migrate:up\ncreate table first (id bigint);\n' });
    const error = await two.expectRefused(() => two.manager().up());
    expect(error).to.include({ reason: 'edited', version: 1, file: '001_first.sql' });
    expect(error.message).to.match(/repair 1 --as accepted/);
    await two.expectRefused(() => two.manager().migrateTo(2));
    await two.expectRefused(() => two.manager().rehearse());
    const { migrations, problems } = await two.expectUnchanged(() => two.manager().status());
    expect(migrations.map(({ state }) => state)).to.deep.equal(['edited', 'applied']);
    expect(problems[0]).to.include({ reason: 'edited', version: 1 });
    const status = await two.manager().repair({ version: 1, as: 'accepted' });
    expect(status.problems).to.deep.equal([]);
    expect((await two.manager().up()).steps).to.deep.equal([]);
  });

  it('but not for another way down', async () => {
    const text = String(firstTwo['001_first.sql']).replace('drop table', 'drop table if exists');
    await two.folder.write({ '001_first.sql': text });
    expect((await two.manager().status()).problems).to.deep.equal([]);
    expect((await two.expectUnchanged(() => two.manager().up())).steps).to.deep.equal([]);
  });

  it('for a file that vanished among counted ones', async () => {
    await two.folder.write({ '003_third.sql': 'select 3;' });
    await two.manager().up();
    await two.folder.remove('002_second.sql');
    const error = await two.expectRefused(() => two.manager().up());
    expect(error.reason).to.be.oneOf(['gap', 'vanished']);
    expect(error.message).to.match(/\b0?0?2\b/);
  });

  it('for a file that vanished among those with timestamps, until it is said to be reverted', async () => {
    await two.manager().migrateTo(0);
    await two.folder.remove(...Object.keys(firstTwo));
    await two.folder.write({ [earlier]: 'select 1;', [later]: 'select 2;' });
    await two.manager().up();
    await two.folder.remove(earlier);
    const error = await two.expectRefused(() => two.manager().up());
    expect(error).to.include({ reason: 'vanished', version: 20240101000000 });
    const { migrations } = await two.expectUnchanged(() => two.manager().status());
    expect(migrations.map(({ version, state }) => [version, state])).to.deep.equal([
      [20240101000000, 'vanished'],
      [20240201000000, 'applied'],
    ]);
    await two.manager().repair({ version: 20240101000000, as: 'reverted' });
    expect((await two.manager().up()).steps).to.deep.equal([]);
  });

  it('for a database that is newer than the code', async () => {
    await two.folder.write({ '003_third.sql': 'create table third (id int);' });
    await two.manager().up();
    await two.folder.remove('003_third.sql');
    const error = await two.expectRefused(() => two.manager().up());
    expect(error).to.include({ reason: 'newer-database', version: 3 });
    const status = await two.expectUnchanged(() => two.manager().status());
    expect(status).to.include({ version: 3, newest: 2, pending: 0 });
    expect(status.problems[0]).to.include({ reason: 'newer-database', version: 3 });
    await two.expectRefused(() => two.manager().down());
    await two.expectRefused(() => two.manager().migrateTo(0));
  });

  it('for an older one that comes late, unless that is wanted', async () => {
    await two.manager().migrateTo(0);
    await two.folder.remove(...Object.keys(firstTwo));
    await two.folder.write({ [later]: 'create table b (id int);' });
    await two.manager().up();
    await two.folder.write({ [earlier]: 'create table a (id int);' });
    const error = await two.expectRefused(() => two.manager().up());
    expect(error).to.include({ reason: 'out-of-order', version: 20240101000000, file: earlier });
    expect(error.message).to.match(/outOfOrder/);
    const { steps } = await two.manager({ outOfOrder: true }).up();
    expect(steps.map(({ version }) => version)).to.deep.equal([20240101000000]);
    expect((await two.manager().status()).problems).to.deep.equal([]);
  });

  it('for a way back over a migration that has none', async () => {
    await two.folder.write({
      '003_third.sql': 'create table third (id int);',
      '004_fourth.sql': '-- migrate:up\nselect 4;\n-- migrate:down\nselect 4;\n',
    });
    await two.manager().up();
    for (const work of [
      () => two.manager().down(2),
      () => two.manager().migrateTo(0),
      () => two.manager().migrateTo(2),
    ]) {
      expect(await two.expectRefused(work)).to.include({ reason: 'no-way-down', version: 3 });
    }
    expect((await two.manager().down(1)).to).to.equal(3);
  });

  it('for a version that there is not', async () => {
    for (const version of [3, 99]) {
      const error = await two.expectRefused(() => two.manager().migrateTo(version));
      expect(error).to.include({ reason: 'unknown-version', version });
    }
    for (const version of [-2, 1.5, NaN]) {
      expect(await failureOf(two.manager().migrateTo(version))).to.include({ code: 'DB_CONFIGURATION' });
    }
  });

  it('for a table in the place of the history that is none', async () => {
    const error = await two.expectRefused(() => two.manager({ table: 'first' }).up());
    expect(error.reason).to.equal('history');
    expect(error.message).to.include('public.first');
  });

  it('for a standby, which takes no writes, while status and plan answer', async () => {
    await using primary = await startPostgres();
    await managerOf(primary.connectionString, two.folder.directory).migrateTo(1);
    await using standby = await startStandby(primary, { synchronous: true });
    await primary.query('create table seen ()'); // committed when the standby has it
    const manager = managerOf(standby.connectionString, two.folder.directory);
    expect((await manager.status()).pending).to.equal(1);
    expect((await manager.plan()).steps).to.have.length(1);
    expect(await failureOf(manager.up())).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'read-only' });
  });
});
