import { expect } from 'chai';
import fc from 'fast-check';
import { isRead } from '../../../lib/core/sql/is-read.js';
import { awkwardSql } from './awkward-sql.js';

const reads = [
  'select 1',
  'SELECT * FROM t WHERE id = $1',
  '  \n select 1 ;',
  'select 1;;',
  '-- hello\nselect 1',
  '/* a /* b */ c */ select 1',
  '(select 1) union (select 2)',
  '((select 1))',
  '( -- c\n ( /* d */ select 1))',
  'values (1), (2)',
  'table t',
  'show server_version',
  'with a as (select 1) select * from a',
  'with recursive a(n) as (values (1) union all select n + 1 from a) select n from a',
  'with a as not materialized (select 1) (table a)',
  'select 1; show all; values (1)',
  'select \'insert into t\', "update", "for" "update", $$delete from t$$, $x$ into $x$',
  "select E'\\' into t; delete from t; --'",
  'select 1 -- for update',
  'select 1 /* into t */ from t',
  'select t.update, t.delete, t . insert, t.into from t',
  "select substring('abc' for 2), substring('abc' from 1 for 2)",
  "select overlay('abc' placing 'x' from 1 for 2)",
  'select extract(epoch from now())',
  'select updated_at, insert_time, deleted from updates',
  'select intol, mergeable from t',
  'select pay()',
  "select * from t where a = 'for' and b = 'update'",
];

const writes = [
  '',
  ';',
  '-- nothing',
  'insert into t values (1)',
  'UPDATE t SET a = 1',
  'delete from t',
  'merge into t using u on true when matched then delete',
  'truncate t',
  'begin',
  'commit',
  'set x to 1',
  'reset all',
  'call p()',
  'do $$ begin end $$',
  'copy t to stdout',
  'lock table t',
  'listen c',
  'execute s',
  'fetch 1 from c',
  'declare c cursor for select 1',
  'prepare s as select 1',
  'create table t as select 1',
  'refresh materialized view v',
  'explain select 1',
  'explain analyze select 1',
  'select * into t from u',
  'select 1 as a INTO TEMP t',
  'select * from t for update',
  'select * from t FOR\n/* c */ UPDATE nowait',
  'select * from t for no key update',
  'select * from t for share',
  'select * from t for key share skip locked',
  'select * from (select * from t for update) s',
  'select 1for update',
  'select $1for share',
  'with a as (insert into t values (1) returning *) select * from a',
  'with a as (select 1), b as (update t set x = 1 returning *) select * from b',
  'with a as (delete from t returning *) table a',
  'with a as (merge into t using u on true when matched then delete returning *) select * from a',
  'with a as (select 1) insert into t select * from a',
  'with a as (select 1) delete from t',
  'with recursive a(n) as (select 1 union select 2 from a) search depth first by n set o delete from t',
  'select * from (with a as (insert into t values (1) returning *) select * from a) s',
  'select 1; delete from t',
  'delete from t; select 1',
  'select 1; begin; select 2',
  "select '\\'; delete from t; --'",
  '(insert into t values (1))',
  '"select" 1',
  "'select'",
  '1 select',
  ') select 1',
  "select 'a",
  'select /* a',
  'select "a',
  'select $$a',
];

describe('isRead', () => {
  for (const text of reads) {
    it(`is true: ${JSON.stringify(text)}`, () => {
      expect(isRead(text)).to.equal(true);
    });
  }
  for (const text of writes) {
    it(`is false: ${JSON.stringify(text)}`, () => {
      expect(isRead(text)).to.equal(false);
    });
  }

  it('errs on the side of a write', () => {
    expect(isRead('select update from t')).to.equal(false);
    expect(isRead("select substring('a' for key)")).to.equal(false);
  });

  it('is never true for a text with a write among its statements, whatever stands around it', () => {
    const gap = fc.constantFrom(' ', '\n', ' /* c */ ', ' -- c\n ');
    const write = fc.constantFrom(
      'insert into t values (1)',
      'Update t set a = 1',
      'DELETE from t',
      'select 1 into t',
      'select 1 from t for update',
      'vacuum',
    );
    const read = fc.constantFrom('select 1', "values ('a', $$;$$)", 'show all', '(table t)', "select E'\\'' as \"x;\"");
    fc.assert(
      fc.property(
        fc.array(read, { maxLength: 3 }),
        write,
        fc.array(read, { maxLength: 3 }),
        gap,
        (before, text, after, space) => {
          const statements = [...before, text, ...after].map((statement) => statement.replaceAll(' ', space));
          expect(isRead(statements.join(`;${space}`))).to.equal(false);
          if (before.length > 0) expect(isRead(before.join(`;${space}`))).to.equal(true);
        },
      ),
    );
  });

  it('answers for any input', () => {
    fc.assert(fc.property(awkwardSql, (text) => typeof isRead(text) === 'boolean'));
  });
});
