import { expect } from 'chai';
import fc from 'fast-check';
import { explainable } from '../../../lib/core/sql/explainable.js';
import { awkwardSql } from './awkward-sql.js';

describe('explainable', () => {
  for (const text of [
    'select 1',
    ' /* analyze */ -- execute\n SELECT 1',
    'select 1;',
    'select 1 ; ; -- the end',
    'select \';\', ";", $$;$$ /* ; */ from t',
    'values (1)',
    'with a as (select 1) delete from t',
    'insert into t default values',
    'update t set a = 1',
    'delete from t',
    'merge into t using u on true when matched then delete',
  ]) {
    it(`is: ${text}`, () => {
      expect(explainable(text)).to.deep.equal({ hasParameters: false });
    });
  }

  for (const text of [
    '',
    ';',
    '-- only a comment',
    'analyze',
    'analyze select 1',
    'explain select 1',
    '(analyze) select 1',
    '(select 1)',
    '; select 1',
    'select 1; select 2',
    'select 1; (select 2)',
    'select 1; commit; delete from t',
    'select 1; "a"',
    'select "begin atomic; delete from t; end',
    "select 'a",
    "select '\0'",
    'select $a$ b',
    'select 1 /* ',
    'select 1\0; delete from t',
    'call f()',
    'do $$ $$',
    'execute a',
    'prepare a as select 1',
    'declare a cursor for select 1',
    'create table a as select 1',
    'refresh materialized view a',
    'table t',
    'copy t to stdout',
    '"select" 1',
    '$1',
  ]) {
    it(`is not: ${JSON.stringify(text)}`, () => {
      expect(explainable(text)).to.equal(undefined);
    });
  }

  it('knows whether there are parameters, outside strings and comments', () => {
    expect(explainable('select $1')).to.deep.equal({ hasParameters: true });
    expect(explainable('select \'$1\' /* $1 */, "$1", a$1')).to.deep.equal({ hasParameters: false });
  });

  it('begins with one of its words, and holds nothing behind a semicolon, whatever the text is', () => {
    fc.assert(
      fc.property(awkwardSql, (text) => {
        if (explainable(`analyze ${text}`) !== undefined) throw new Error('begins with analyze');
        if (explainable(`select 1; x ${text}`) !== undefined) throw new Error('two statements');
      }),
    );
  });
});
