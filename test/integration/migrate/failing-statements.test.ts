import { expect } from 'chai';
import { runSql } from '../../support/migrations.js';
import { failureOf } from '../compat/failure-of.js';
import { AppliedTwo } from './applied-two.js';
import { failingStatements } from './failing-statements.js';

const unfinished = '-- migrate:up transaction:false\ncreate table third (id int);\nselect 1 / 0;\n';

describe('a migration that the server refuses', function () {
  this.timeout(60_000);
  let two: AppliedTwo;

  beforeEach(async () => {
    two = await AppliedTwo.make();
  });
  afterEach(() => two[Symbol.asyncDispose]());

  async function expectFailure(at: { line: number; column: number }, sqlState: string, outcome: string): Promise<void> {
    const error = await failureOf(two.manager().up());
    const place = { version: 3, file: '003_third.sql', ...at };
    expect(error, error.stack).to.include({ code: 'DB_MIGRATION_FAILED', outcome, ...place });
    expect((error.cause as { code?: string }).code).to.equal(sqlState);
    expect(error.message).to.match(new RegExp(`^003_third\\.sql:${String(at.line)}:${String(at.column)}: `));
  }
  const states = async () => (await two.manager().status()).migrations.map(({ state }) => state);

  for (const [name, { text, line, column, sqlState }] of Object.entries(failingStatements)) {
    it(`is rolled back whole, and shown where: ${name}`, async () => {
      await two.folder.write({ '003_third.sql': text });
      await two.expectUnchanged(() => expectFailure({ line, column }, sqlState, 'rolled-back'));
      expect(await states()).to.deep.equal(['applied', 'applied', 'pending']);
    });

    it(`is unfinished without a transaction, and shown where: ${name}`, async () => {
      await two.folder.write({ '003_third.sql': `-- migrate:up transaction:false\n${text}` });
      await expectFailure({ line: line + 1, column }, sqlState, 'unknown');
      expect(await states()).to.deep.equal(['applied', 'applied', 'unfinished']);
      // Again at the same place, and what ran before it is not run again.
      await two.expectUnchanged(() => expectFailure({ line: line + 1, column }, sqlState, 'unknown'));
    });
  }

  it('is rolled back whole where its COMMIT fails', async () => {
    const text =
      'create table third (id int unique deferrable initially deferred);\ninsert into third values (1), (1);\n';
    await two.folder.write({ '003_third.sql': text });
    const error = await two.expectUnchanged(() => failureOf(two.manager().up()));
    expect(error).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'rolled-back', file: '003_third.sql' });
    expect((error.cause as { code?: string }).code).to.equal('23505');
  });

  it('shows none of its values', async () => {
    for (const text of ["insert into first values ('top-secret');", "do $$ begin raise 'top-secret'; end $$;"]) {
      await two.folder.write({ '003_third.sql': text });
      const error = await failureOf(two.manager().up());
      expect(error.message).to.not.include('top-secret');
      expect(JSON.stringify(error)).to.not.include('top-secret');
    }
  });

  it('leaves those before it applied, and none after it', async () => {
    await two.folder.write({
      '003_third.sql': 'create table third (id int);',
      '004_fourth.sql': 'create table fourth (id int);\nselect 1 / 0;',
      '005_fifth.sql': 'create table fifth (id int);',
    });
    expect(await failureOf(two.manager().up())).to.include({ version: 4, outcome: 'rolled-back' });
    expect(await two.tables()).to.deep.equal(['first', 'second', 'third']);
    expect(await two.manager().status()).to.include({ version: 3, pending: 2 });
    await two.folder.write({ '004_fourth.sql': 'create table fourth (id int);' });
    expect((await two.manager().up()).steps.map(({ version }) => version)).to.deep.equal([4, 5]);
  });

  it('goes on where it failed without a transaction, when it is mended behind that place only', async () => {
    const third = (rest: string) =>
      `-- migrate:up transaction:false\ncreate table third (id int);\ninsert into third values (1);\n${rest}`;
    await two.folder.write({ '003_third.sql': third('select 1 / 0;') });
    expect(await failureOf(two.manager().up())).to.include({ line: 4 });
    await two.folder.write({ '003_third.sql': third('select 1;').replace('values (1)', 'values (2)') });
    const error = await two.expectRefused(() => two.manager().up());
    expect(error).to.include({ reason: 'unfinished', version: 3 });
    expect(error.message).to.match(/repair 3 --as applied/);
    await two.folder.write({ '003_third.sql': third('select 1;\ncreate table fourth (id int);') });
    expect((await two.manager().up()).steps.map(({ version }) => version)).to.deep.equal([3]);
    expect(await two.tables()).to.deep.equal(['first', 'fourth', 'second', 'third']);
    expect((await two.manager().status()).problems).to.deep.equal([]);
  });

  it('is set right by hand, as its message says: undone, and said to be reverted', async () => {
    await two.folder.write({ '003_third.sql': unfinished });
    expect((await failureOf(two.manager().up())).message).to.include('repair 3 --as reverted');
    await runSql(two.database, 'drop table third');
    const status = await two.manager().repair({ version: 3, as: 'reverted' });
    expect(status).to.include({ version: 2, pending: 1 });
    await two.folder.write({ '003_third.sql': unfinished.replace('/ 0', '') });
    expect((await two.manager().up()).steps).to.have.length(1);
    expect(await two.manager().status()).to.deep.include({ version: 3, pending: 0, problems: [] });
  });

  it('is set right by hand: finished, and said to be applied', async () => {
    await two.folder.write({ '003_third.sql': unfinished });
    await failureOf(two.manager().up());
    const status = await two.manager().repair({ version: 3, as: 'applied' });
    expect(status).to.deep.include({ version: 3, pending: 0, problems: [] });
    expect((await two.expectUnchanged(() => two.manager().up())).steps).to.deep.equal([]);
  });
});
