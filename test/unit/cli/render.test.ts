import { expect } from 'chai';
import { printable, withoutUrls } from '../../../lib/cli/printable.js';
import { duration } from '../../../lib/cli/render/duration.js';
import { makeStyle, styleFor } from '../../../lib/cli/render/style.js';
import { table } from '../../../lib/cli/render/table.js';
import { cut, wrap } from '../../../lib/cli/render/wrap.js';
import { Sink } from './fake-terminal.js';

const plain = { width: undefined, style: makeStyle(false) };

describe('what the program prints', () => {
  it('tells a duration as people do', () => {
    const told = { 0: '0 ms', 8: '8 ms', 999.4: '999 ms', 999.6: '1.0 s', 1234: '1.2 s', 9960: '10 s', 12_000: '12 s' };
    for (const [ms, text] of Object.entries(told)) expect(duration(Number(ms)), ms).to.equal(text);
    expect(duration(59_600)).to.equal('1 min 0 s');
    expect(duration(185_000)).to.equal('3 min 5 s');
    expect(duration(3_599_700)).to.equal('1 h 0 min');
    expect(duration(7_620_000)).to.equal('2 h 7 min');
  });

  it('breaks lines at spaces, counts the indent, and leaves a long word whole', () => {
    expect(wrap('one two three four', 9, '  ')).to.equal('one two\n  three\n  four');
    expect(wrap('a /very/long/path b', 6)).to.equal('a\n/very/long/path\nb');
    expect(wrap('one two\nthree', undefined, '  ')).to.equal('one two\n  three');
    expect(wrap('', 10)).to.equal('');
  });

  it('cuts with an ellipsis within the width', () => {
    expect(cut('abcdef', 4)).to.equal('abc…');
    expect(cut('abcd', 4)).to.equal('abcd');
    expect(cut('abcdef', undefined)).to.equal('abcdef');
  });

  it('aligns columns, and numbers at their ends', () => {
    const lines = table(
      [{ title: 'NAME' }, { title: 'TOOK', align: 'right' }],
      [
        [{ text: 'a' }, { text: '8 ms' }],
        [{ text: 'longer' }, { text: '12 min 3 s' }],
      ],
      plain,
    );
    expect(lines).to.deep.equal(['NAME          TOOK', 'a             8 ms', 'longer  12 min 3 s']);
  });

  it('cuts the last column that gives way first, and the one before when that has given all', () => {
    const columns = [{ title: 'N', least: 6 }, { title: 'BY', least: 4 }, { title: 'X' }];
    const rows = [[{ text: 'abcdefghij' }, { text: 'postgres' }, { text: '12345' }]];
    expect(table(columns, rows, { ...plain, width: 24 })[1]).to.equal('abcdefghij  post…  12345');
    expect(table(columns, rows, { ...plain, width: 20 })[1]).to.equal('abcdef…  pos…  12345');
  });

  it('pads by what is seen, not by the codes of colours', () => {
    const style = makeStyle(true);
    const [, row] = table([{ title: 'STATE' }, { title: 'X' }], [[{ text: 'ok', paint: 'green' }, { text: 'y' }]], {
      width: undefined,
      style,
    });
    expect(row).to.equal('\u001b[32mok\u001b[39m     y');
  });

  it('has colours on a terminal only, and not with NO_COLOR or on a dumb one', () => {
    const isColoured = (isTTY: boolean, env: Record<string, string>) => styleFor(new Sink(isTTY), env).red('x') !== 'x';
    expect(isColoured(true, {})).to.equal(true);
    expect(isColoured(true, { NO_COLOR: '' }), 'empty counts as not set').to.equal(true);
    expect(isColoured(true, { NO_COLOR: '1' })).to.equal(false);
    expect(isColoured(true, { TERM: 'dumb' })).to.equal(false);
    expect(isColoured(false, {})).to.equal(false);
  });

  it('lets no control characters through', () => {
    expect(printable('a\u001b[31mb\rc\u009bd\u202ee\nf')).to.equal('a [31mb c d e\nf');
  });

  it('hides URLs and passwords, with blanks and quotes in them', () => {
    for (const secret of [
      '--ulr=postgres://u:hunter2@h/db',
      "'postgres://u:p w'hunter2@h/db' is",
      'host=h password=hunter2',
    ]) {
      expect(withoutUrls(secret)).to.include('[hidden]').and.not.include('hunter2');
    }
    expect(withoutUrls('expected a postgres:// or postgresql:// URL')).to.equal(
      'expected a postgres:// or postgresql:// URL',
    );
  });
});
