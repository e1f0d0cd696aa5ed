import { expect } from 'chai';
import { parseTableName, quotedName, quotedTable, shownTable } from '../../../lib/migrate/table-name.js';

describe('the name of the history', () => {
  const longest = 'x'.repeat(63);
  const cases: [given: string, schema: string | undefined, name?: string][] = [
    ['history', 'public', 'history'],
    ['app.history', 'app', 'history'],
    ['My App.The "History"', 'My App', 'The "History"'],
    [longest, 'public', longest],
    [`${longest}.${longest}`, longest, longest],
    ['ü'.repeat(31), 'public', 'ü'.repeat(31)],
    [`${longest}x`, undefined],
    ['ü'.repeat(32), undefined],
    [`app.${longest}x`, undefined],
    ['', undefined],
    ['.history', undefined],
    ['app.', undefined],
    ['.', undefined],
    ['a.b.c', undefined],
    ['a\0b', undefined],
  ];
  for (const [given, schema, name] of cases) {
    it(`${JSON.stringify(given)} is ${schema === undefined ? 'refused' : 'taken'}`, () => {
      expect(parseTableName(given)).to.deep.equal(schema === undefined ? undefined : { schema, name });
    });
  }

  it('is shown as it is, and quoted for the server', () => {
    const table = { schema: 'My App', name: 'a"b' };
    expect(shownTable(table)).to.equal('My App.a"b');
    expect(quotedTable(table)).to.equal('"My App"."a""b"');
    expect(quotedName('""')).to.equal('""""""');
  });
});
