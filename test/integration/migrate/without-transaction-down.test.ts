import { expect } from 'chai';
import { failureOf } from '../compat/failure-of.js';
import { Without } from './without.js';

describe('the way down without a transaction', function () {
  this.timeout(60_000);
  const without = new Without();
  const wayUp = "create table item (id int, name text); insert into item values (1, 'a'), (2, 'a');";
  const wayDown = (last = 'drop table item;') =>
    `create table kept as select * from item;\ncreate unique index concurrently kept_name on kept (name);\n${last}`;

  it('is finished by the next up when it was interrupted, and the way up is done again', async () => {
    await without.write(wayUp, wayDown());
    await without.manager().up();
    const error = await failureOf(without.manager().down());
    expect(error.message, error.stack).to.match(/statement 2 of 3/);
    await without.expectState('unfinished', 1);
    await without.sql("update kept set name = 'b' where id = 2");
    const { steps } = await without.manager().up();
    expect(steps.map(({ direction }) => direction)).to.deep.equal(['down', 'up']);
    expect(await without.indexes()).to.deep.equal(['kept_name on kept: valid']);
    expect(await without.values('select count(*)::int from item')).to.deep.equal([2]);
    expect(await without.history()).to.deep.equal(['up done 2 of 2', 'down done 3 of 3', 'up done 2 of 2']);
    await without.expectState('applied', 0);
  });

  it('is finished by the next down, which reverts no other', async () => {
    await without.folder.write({
      '001_first.sql': '-- migrate:up\ncreate table first (id int);\n-- migrate:down\ndrop table first;',
    });
    await without.folder.write({
      '002_item.sql': `-- migrate:up\n${wayUp}\n-- migrate:down transaction:false\n${wayDown()}`,
    });
    await without.manager().up();
    await failureOf(without.manager().down());
    await without.sql("update kept set name = 'b' where id = 2");
    const { steps } = await without.manager().down();
    expect(steps.map(({ version, direction }) => [version, direction])).to.deep.equal([[2, 'down']]);
    expect(await without.manager().status()).to.include({ version: 1, pending: 1 });
  });

  it('is not the whole of down where the way up was interrupted: that is finished first', async () => {
    const unique = 'create unique index concurrently item_name on item (name);';
    await without.write(`${wayUp}\n${unique}`, 'drop index concurrently item_name;\ndrop table item;');
    await failureOf(without.manager().up());
    await without.sql("update item set name = 'b' where id = 2");
    const { steps } = await without.manager().down();
    expect(steps.map(({ direction }) => direction)).to.deep.equal(['up', 'down']);
    expect(await without.history()).to.deep.equal(['up done 3 of 3', 'down done 2 of 2']);
    expect(await without.indexes()).to.deep.equal([]);
    await without.expectState('pending', 1);
  });
});
