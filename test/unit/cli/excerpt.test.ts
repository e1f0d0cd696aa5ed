import { expect } from 'chai';
import fc from 'fast-check';
import { excerpt } from '../../../lib/cli/render/excerpt.js';
import { mask } from '../../../lib/cli/render/mask.js';
import { makeStyle } from '../../../lib/cli/render/style.js';

const plain = { width: undefined, style: makeStyle(false) };

describe('the excerpt of a migration', () => {
  it('points at the column', () => {
    expect(excerpt('select 1;\nalter table users add colum email text;', 2, 23, plain)).to.equal(
      [' 2 | alter table users add colum email text;', '   |                       ^'].join('\n'),
    );
  });

  it('hides what strings, numbers and comments hold, and keeps their length', () => {
    const text = `insert into t values ('hunter2', E'a\\'hunter2', $$hunter2$$, $q$hunter2$q$, 42) -- hunter2\n/* hunter2 */ foo;`;
    const masked = mask(text);
    expect(masked).to.not.match(/hunter|[24]/);
    expect(masked).to.have.length(text.length);
    expect(masked).to.include("insert into t values ('·······', E'").and.include('*/ foo;').and.include('-- ·······');
  });

  it('hides all that follows where quotes do not match', () => {
    expect(mask(`insert into t values ('O'hunter2', 'x')`)).to.not.include('hunter');
    expect(mask(`insert into t values ('hunter2, 1); select foo`)).to.not.match(/hunter|foo/);
  });

  it('hides the data of a COPY, and what psql is told', () => {
    expect(mask('copy t (a) from stdin;\nhunter2\tada\n\\.\n')).to.not.match(/hunter|ada/);
    const psql = mask(`\\connect postgres://u:hunter'2@h/db\nselect foo;`);
    expect(psql).to.include('\\connect').and.include('select foo;').and.not.include('hunter');
  });

  it('hides a value that was pasted without quotes', () => {
    expect(mask('where id = 550e8400-29b4-41d4')).to.equal('where id = ········-····-····');
  });

  it('counts characters, not UTF-16 units, and leaves BOM and CR out', () => {
    const shown = excerpt(`\ufeffselect 1;\r\nselect '🦆🦆', foo;\r\n`, 2, 14, plain);
    expect(shown).to.equal([` 2 | select '··', foo;`, '   |              ^'].join('\n'));
  });

  it('shows the part of a long line that matters, within the width', () => {
    const text = `select ${'a, '.repeat(100)}bad, ${'b, '.repeat(100)}c`;
    const [line = '', caret = ''] = excerpt(text, 1, text.indexOf('bad') + 1, { ...plain, width: 60 }).split('\n');
    expect(line).to.have.length(60);
    expect(line).to.match(/^ 1 \| ….*…$/);
    expect(line.slice(caret.indexOf('^')).startsWith('bad')).to.equal(true);
  });

  it('shows nothing of a line that is not there', () => {
    expect(excerpt('select 1;', 7, 1, plain)).to.equal('');
    expect(excerpt('select 1;', 1, 99, plain)).to.include('^');
  });

  it('keeps places on any text', () => {
    const alphabet = fc.constantFrom(...`'"$-/*\\; \n;aE1🦆`);
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 60 }), (text) => {
        const masked = mask(text);
        expect([...masked]).to.have.length([...text].length);
        expect(masked.split('\n').map((line) => [...line].length)).to.deep.equal(
          text.split('\n').map((line) => [...line].length),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
