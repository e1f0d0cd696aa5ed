import { expect } from 'chai';
import fc from 'fast-check';
import { sqlComment } from '../../../lib/core/sql/sql-comment.js';
import { Tokenizer } from '../../../lib/core/sql/tokenizer.js';

describe('the comment with tags', () => {
  it('has sorted keys, and values as sqlcommenter writes them', () => {
    expect(sqlComment({ traceparent: '00-ab-cd-01', route: "/users/:id's*" })).to.equal(
      "/*route='%2Fusers%2F%3Aid%27s%2A',traceparent='00-ab-cd-01'*/",
    );
    expect(sqlComment({})).to.equal('');
    expect(sqlComment({ half: '\ud800' })).to.equal("/*half='%EF%BF%BD'*/");
  });

  it('is one comment, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { minKeys: 1 }),
        (tags) => {
          const text = sqlComment(tags);
          const token = new Tokenizer(text);
          token.next();
          expect(token).to.include({ kind: 'block-comment', end: text.length, terminated: true });
        },
      ),
    );
  });
});
