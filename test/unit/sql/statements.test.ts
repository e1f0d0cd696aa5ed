import { expect } from 'chai';
import { Statements } from '../../../lib/core/sql/statements.js';

describe('known statements', () => {
  it('have the fingerprint of their text, without values, and the kind of statement', () => {
    const statements = new Statements();
    const kinds = {
      SELECT: ['select 1', '/* a */ with a as (select 1) select 2', 'values (1)', ';(select 1)', 'table t'],
      INSERT: ['insert into t values (1)'],
      UPDATE: ['UPDATE t SET a = 1'],
      DELETE: ['-- a\ndelete from t'],
      MERGE: ['merge into t using s on true when matched then delete'],
      COPY: ['copy t from stdin'],
      BEGIN: ['begin', 'start transaction read only'],
      COMMIT: ['commit', 'end'],
      ROLLBACK: ['rollback', 'abort'],
      OTHER: ['create table t ()', 'with a as (delete from t returning 1) select 2', '', 'constructor', '__proto__'],
    };
    for (const [operation, texts] of Object.entries(kinds)) {
      for (const text of texts) {
        expect(statements.of(text), text).to.include({ operation });
      }
    }
    expect(statements.of("select * from t where a = 'secret' and b = 7").text).to.equal(
      'select * from t where a = ? and b = ?',
    );
  });

  it('are the same object for a text that comes again', () => {
    const statements = new Statements();
    expect(statements.of('select 1')).to.equal(statements.of('select 1'));
  });

  it('are forgotten above the limit, those that come again the latest', () => {
    const statements = new Statements(100_000);
    const constant = statements.of('select constant');
    for (let i = 0; i < 5000; i++) {
      statements.of(`select t${String(i)}`);
      if (i % 10 === 0) expect(statements.of('select constant')).to.equal(constant);
    }
    const first = statements.of('select t0');
    expect(statements.of('select t0')).to.equal(first);
  });

  it('are not kept where they are long, and have their fingerprint all the same', () => {
    const statements = new Statements();
    const long = `select ${'a'.repeat(9000)}`;
    expect(statements.of(long)).not.to.equal(statements.of(long));
    expect(statements.of(long).id).to.equal(statements.of(long).id);
  });
});
