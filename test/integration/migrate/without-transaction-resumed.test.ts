import { expect } from 'chai';
import type { MigrationOptions } from '../../../lib/migrate/index.js';
import { failureOf } from '../compat/failure-of.js';
import { Without } from './without.js';

const twice = "create table item (id int, name text); insert into item values (1, 'a'), (2, 'a');";
const unique = 'create unique index concurrently item_name on item (name);';

describe('an interrupted migration without a transaction', function () {
  this.timeout(60_000);
  const without = new Without();
  const up = (options: Partial<MigrationOptions> = {}) => without.manager(options).up();

  async function expectFailure(code: string, options: Partial<MigrationOptions> = {}): Promise<Error> {
    const error = await failureOf(up(options));
    expect(error, error.stack).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'unknown', file: '001_only.sql' });
    expect((error.cause as { code?: string }).code).to.equal(code);
    return error;
  }

  it('goes on at the statement that failed, when the data is mended, and ends as one row', async () => {
    await without.write(`${twice}\n${unique}\ncreate table behind (id int);`);
    const { message } = await expectFailure('23505');
    expect(message).to.match(/statement 3 of 4\b.*the next run finds out.*repair 1 --as reverted/);
    expect(await without.indexes()).to.deep.equal(['item_name on item: invalid']);
    await without.expectState('unfinished', 1);
    expect(await without.history()).to.deep.equal(['up unfinished 2 of 4']);

    await expectFailure('23505');
    expect(await without.indexes(), 'one').to.deep.equal(['item_name on item: invalid']);
    await without.sql("update item set name = 'b' where id = 2");
    const { from, to, steps } = await up();
    expect({ from, to, steps: steps.length }).to.deep.equal({ from: 0, to: 1, steps: 1 });
    expect(await without.indexes()).to.deep.equal(['item_name on item: valid']);
    expect(await without.values('select count(*)::int from item')).to.deep.equal([2]);
    expect(await without.history()).to.deep.equal(['up done 4 of 4']);
    await without.expectState('applied', 0);
    expect((await up()).steps).to.deep.equal([]);
  });

  it('does not drop the INVALID index of another table', async () => {
    await without.sql(twice, 'create table other (id int); insert into other values (1), (1)');
    await failureOf(without.sql('create unique index concurrently item_name on other (id)'));
    await without.write("update item set name = 'b' where id = 2;\n" + unique);
    await expectFailure('42P07');
    expect(await without.indexes()).to.deep.equal(['item_name on other: invalid']);
  });

  it('is refused when what is done was changed, and the new text counts when only the rest was', async () => {
    await without.write(`${twice}\n${unique}`);
    await expectFailure('23505');
    await without.write(`${twice.replace('(2', '(3')}\n${unique}`);
    const error = await failureOf(up());
    expect(error, error.stack).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'unfinished', version: 1 });
    expect(error.message).to.match(/after 2 statements.*repair 1 --as applied/);
    await without.write(twice);
    await up();
    expect(await without.history(), 'a statement less').to.deep.equal(['up done 2 of 2']);
    await without.expectState('applied', 0);
    await without.write(`${twice}\n${unique}`);
    const status = await without.manager().status();
    expect(status.migrations.map(({ state }) => state)).to.deep.equal(['edited']);
  });

  it('is refused when it has fewer statements now than are done', async () => {
    await without.write(`${twice}\n${unique}`);
    await expectFailure('23505');
    await without.write('create table item (id int, name text);');
    expect(await failureOf(up())).to.include({ reason: 'unfinished' });
  });

  it('is not refused for a comment, or a blank, between what is done', async () => {
    await without.write(`${twice}\n${unique}`);
    await expectFailure('23505');
    await without.write(`-- two of them\n${twice.replace('; ', ';\n\n')}\nupdate item set name = id::text;\n${unique}`);
    await up();
    expect(await without.indexes()).to.deep.equal(['item_name on item: valid']);
    await without.expectState('applied', 0);
  });

  it('goes on there as well when its marker has it in a transaction now', async () => {
    await without.write(`create table counter (n int); insert into counter values (1);\nselect 1 / 0;`);
    await expectFailure('22012');
    await without.folder.write({
      '001_only.sql':
        'create table counter (n int); insert into counter values (1);\nupdate counter set n = n + 1;\n' +
        'create table behind (id int);',
    });
    expect((await without.manager().rehearse()).steps).to.have.length(1);
    await up();
    expect(await without.values('select n from counter')).to.deep.equal([2]);
    expect(await without.history()).to.deep.equal(['up done 4 of 4']);
  });

  it('keeps none of its SETs for the next migration', async () => {
    await without.write('create schema shop; set search_path to shop; create table one (id int);');
    await without.folder.write({ '002_next.sql': 'create table two (id int);' });
    await up();
    const tables =
      "select format('%s.%s', schemaname, tablename) from pg_tables where tablename in ('one', 'two') order by 1";
    expect(await without.values(tables)).to.deep.equal(['public.two', 'shop.one']);
  });

  it('does a plain statement once, when its session ends behind it', async () => {
    await without.write(
      'create table counter (n int); insert into counter values (0);\nupdate counter set n = n + 1;\n' +
        'select pg_sleep(1);\nupdate counter set n = n + 10;',
    );
    const error = await failureOf(up(without.endedBehind(3)));
    expect(error, error.stack).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'unknown', line: 4 });
    expect(error.message).to.match(/statement 4 of 5/);
    expect(await without.history()).to.deep.equal(['up unfinished 3 of 5']);
    await up();
    expect(await without.values('select n from counter')).to.deep.equal([11]);
    expect(await without.history()).to.deep.equal(['up done 5 of 5']);
  });

  it('is set right by hand: as applied, or as reverted', async () => {
    await without.write(`${twice}\n${unique}`);
    await expectFailure('23505');
    const applied = await without.manager().repair({ version: 1, as: 'applied' });
    expect(applied).to.deep.include({ version: 1, pending: 0, problems: [] });
    expect((await up()).steps).to.deep.equal([]);
    await without.manager().repair({ version: 1, as: 'reverted' });
    await without.expectState('pending', 1);

    await without.sql('drop table item');
    await expectFailure('23505');
    const reverted = await without.manager().repair({ version: 1, as: 'reverted' });
    expect(reverted).to.deep.include({ version: 0, pending: 1, problems: [] });
    await without.sql('drop table item');
    await without.write(`${twice.replace("(2, 'a')", "(2, 'b')")}\n${unique}`);
    await up();
    expect(await without.indexes()).to.deep.equal(['item_name on item: valid']);
  });
});
