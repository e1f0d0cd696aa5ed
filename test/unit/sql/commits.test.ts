import { expect } from 'chai';
import { commits } from '../../../lib/core/sql/commits.js';

describe('commits', () => {
  for (const text of [
    'COMMIT',
    'commit;',
    '  -- bye\n commit and chain',
    'end',
    '/* x */ END TRANSACTION',
    'insert into t values (1); commit',
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
  ]) {
    it(`is false of ${JSON.stringify(text)}`, () => expect(commits(text)).to.equal(false));
  }
});
