import { expect } from 'chai';
import { commits, controlsTransaction, mayCommitPartly } from '../../../lib/core/sql/commits.js';

describe('commits', () => {
  for (const text of [
    'COMMIT',
    'commit;',
    '  -- bye\n commit and chain',
    'end',
    '/* x */ END TRANSACTION',
    'insert into t values (1); commit',
    'create function one() returns int begin atomic select case 1 when 1 then 2 end; end; commit',
    "create function f(begin int) returns int language sql as 'select 1'; commit",
    'create or replace view v as select begin from t; commit',
    'create table atomic (begin int); commit',
    "PREPARE TRANSACTION 'x'",
    "commit prepared 'x'",
  ]) {
    it(`is true of ${JSON.stringify(text)}`, () => expect(commits(text)).to.equal(true));
  }
  for (const text of [
    '',
    'rollback',
    'begin',
    "select 'commit'",
    'select 1 as commit',
    'select ";commit" from t',
    '-- commit',
    'prepare p as select 1',
    'do $$ begin; commit; end $$',
    'select case when a then 1 end from t',
    'create function one() returns int begin atomic select 1; end',
    'create or replace procedure p() language sql BEGIN /* x */ ATOMIC insert into t select case a when 1 then 2 end; delete from t; END;',
  ]) {
    it(`is false of ${JSON.stringify(text)}`, () => expect(commits(text)).to.equal(false));
  }
});

describe('mayCommitPartly', () => {
  for (const text of [
    'call pay()',
    ' -- x\n CALL pay()',
    'do $$ begin commit; end $$',
    'insert into t values (1); commit; insert into t values (2)',
    'select 1; call pay()',
    'create index concurrently i on t (a)',
    'reindex table concurrently t',
  ]) {
    it(`is true of ${JSON.stringify(text)}`, () => expect(mayCommitPartly(text)).to.equal(true));
  }
  for (const text of [
    '',
    'insert into t values (1); insert into t values (2)',
    "select 'call me'",
    'select do_it()',
    'update calls set a = 1',
    'begin; rollback',
  ]) {
    it(`is false of ${JSON.stringify(text)}`, () => expect(mayCommitPartly(text)).to.equal(false));
  }
});

describe('controlsTransaction', () => {
  for (const text of [
    'begin',
    'BEGIN ISOLATION LEVEL SERIALIZABLE',
    'start transaction',
    'commit',
    'end',
    'rollback',
    'abort',
    'rollback and chain',
    "prepare transaction 'x'",
    "rollback prepared 'x'",
    '/* a */ select 1; -- b\n commit',
  ]) {
    it(`is true of ${JSON.stringify(text)}`, () => expect(controlsTransaction(text)).to.equal(true));
  }
  for (const text of [
    'savepoint a',
    'rollback to a',
    'rollback to savepoint a',
    'release savepoint a',
    'prepare p as select 1',
    'select case when a then 1 end from t',
    "select 'commit'",
    'select "begin" from t',
    'do $$ begin null; end $$',
  ]) {
    it(`is false of ${JSON.stringify(text)}`, () => expect(controlsTransaction(text)).to.equal(false));
  }
});
