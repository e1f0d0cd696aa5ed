import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { fingerprint } from '../../../lib/core/sql/fingerprint.js';
import { awkwardSql } from './awkward-sql.js';

const cases: [statement: string, text: string][] = [
  ['', ''],
  ['-- only a comment', ''],
  ['SELECT  *\n\tFROM Users;', 'select * from users'],
  ['select 1 ; ;', 'select ?'],
  ["select 'a', E'b\\'', U&'c', B'0', X'F', N'd', $$e$$, $x$f$x$", 'select ?'],
  ["select a, 'x', b", 'select a, ?, b'],
  ['select $1::int, 2.5, 1e3, 0xff, 1_000', 'select ?::int, ?'],
  ["select date '2020-01-01', interval '1 day'", 'select date ?, interval ?'],
  ['select "Name", "a""b" from "T"', 'select "Name", "a""b" from "T"'],
  ['select a /* secret */ from t -- secret', 'select a from t'],
  ['select/**/a', 'select a'],
  ['select count( * ), t . * from t', 'select count(*), t.* from t'],
  ["select a->>'k' from t where b @> '{}'", 'select a ->> ? from t where b @> ?'],
  ['select a[ 1 ], a[1:2], array[1, 2, 3]', 'select a[?], a[? : ?], array[?]'],
  ['select f (1)', 'select f(?)'],
  ['select a from t where b in(1)', 'select a from t where b in (?)'],
  ['where id in (1, 2, 3)', 'where id in (?)'],
  ['where id in ($1)', 'where id in (?)'],
  ["where id in ($1::uuid, '2'::uuid, $3::uuid)", 'where id in (?::uuid)'],
  ['where (a, b) in ((1, 2), (3, 4))', 'where (a, b) in ((?))'],
  ['insert into t (a, b) values (1, 2)', 'insert into t(a, b) values (?)'],
  ['insert into t (a, b) values (1, 2), (3, 4), (5, 6)', 'insert into t(a, b) values (?)'],
  ['values (1, now(), default), (2, now(), default)', 'values (?, now(), default)'],
  ['values (1), (2) on conflict do nothing', 'values (?) on conflict do nothing'],
  ['values (1)::p, (2)::p', 'values (?)::p'],
  ['select (a, a), (b), (b)', 'select (a, a), (b), (b)'],
  ['where a = null and b is true', 'where a = null and b is true'],
  ['where a = -1 and b=-1 and c = - 1', 'where a = ? and b = ? and c = ?'],
  ['limit -1 offset +2', 'limit ? offset ?'],
  ['select a-1, b - -1, f(x)-1, "A"-1, a[1]-1', 'select a - ?, b - ?, f(x) - ?, "A" - ?, a[?] - ?'],
  ['select -a, (-1), - - 1', 'select - a, (?), ?'],
  ['case when a then -1 else -2 end - 3', 'case when a then ? else ? end - ?'],
  ['select 1and 2', 'select ? ?'],
  ['where id = 550e8400aaaa', 'where id = ?'],
  ['select a ? b', 'select a ? b'],
  ['select (1', 'select (?'],
  ['select 1))', 'select ?))'],
  ["select 'a", 'select ?'],
  ['select "a', 'select ?'],
  ['select $x$a', 'select ?'],
  ['select a /* b', 'select a'],
  ["where a = 'O'Brien' and b = 'secret'", 'where a = ?'],
  ["where a = 'O'Brien' and b = 'D'Arcy' and c = 'secret'", 'where a = ?'],
  ["where a = 1 and b = 'it\\'s' and c = 'secret'", 'where a = ? and b = ?'],
  ["where a = 'the boys' secret' and b = 1", 'where a = ? ...'],
  ["where a = 'x and b = 'secret'", 'where a = ?'],
  ["where a = 'x and b = ' secret'", 'where a = ? ...'],
  ["where a in (1, 2, 'x, 3) and b = ' secret'", 'where a in (?, ? ...'],
  ["values (1, 2), ('x', 'y') secret 'z", 'values (?) ? ...'],
  ['where a = 1 and "b = 731973197319 and "c" = 1', 'where a = ? and ?'],
  ['select $$a$$language', 'select ? language'],
  ['set app.token = secret', 'set app.token = ?'],
  ['SET LOCAL app.token TO "Secret", Secret; select a', 'set local app.token to ?; select a'],
  ['alter role r set app.token to secret', 'alter role r set app.token to ?'],
  ['alter table t rename to u', 'alter table t rename to u'],
  ['update t set a = b', 'update t set a = b'],
];

const mark = 'qz';

const content = fc
  .array(fc.constantFrom("'", '"', '\\', '$', '/*', '*/', '--', '\n', ' ', ';', 'a', '?', 'é', '😀'), { maxLength: 6 })
  .map((around) => `${around.slice(0, 3).join('')}${mark}qzqzqz${around.slice(3).join('')}`);

const literal = fc.oneof(
  content.map((text) => `'${text.replaceAll("'", "''")}'`),
  content.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  content.map((text) => `N'${text.replaceAll("'", "''")}'`),
  content.map((text) => `u&'${text.replaceAll("'", "''")}'`),
  content.map((text) => `E'a' -- c\n '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  content.map((text) => `$tag$${text.replaceAll('$', '')}$tag$`),
  content.map((text) => `$$${text.replaceAll('$', '')}$$`),
  fc.constantFrom('731973197319', '-731973197319.7319', '7319e+73', '0x7319', '.7319', '7_319', '$7319'),
);

const comment = content.map((text) => text.replaceAll('\n', '').replaceAll('*/', '').replaceAll('/*', ''));

const statement = fc.oneof(
  literal.map((value) => `select * from t where a = ${value} and b > 1`),
  fc
    .array(literal, { minLength: 1, maxLength: 4 })
    .map((values) => `insert into t values (${values.join(',')}), (${values.join(' ,')})`),
  fc
    .tuple(literal, comment)
    .map(([value, text]) => `select ${value}/* ${text} */ from t -- ${text}\n where x=${value}`),
  literal.map((value) => `comment on table t is ${value}; notify c, ${value}; execute p(${value})`),
  literal.map((value) => `alter role r password ${value}; copy t from program ${value}`),
);

function expectNothingOf(text: string): void {
  expect(text).not.to.include(mark);
  expect(text).not.to.include('73');
}

describe('fingerprint', () => {
  for (const [sql, text] of cases) {
    it(JSON.stringify(sql), () => {
      expect(fingerprint(sql).text).to.equal(text);
    });
  }

  it('has the first 16 digits of the SHA-256 of its text as its id', () => {
    const { id, text } = fingerprint('SELECT 1');
    expect(id).to.equal(createHash('sha256').update(text).digest('hex').slice(0, 16));
    expect(id).to.match(/^[0-9a-f]{16}$/);
  });

  it('tells different statements apart', () => {
    const texts = [
      'select a from t',
      'select b from t',
      'select a from t where a = 1',
      'select "A" from t',
      'select a, a from t',
    ];
    expect(new Set(texts.map((text) => fingerprint(text).id)).size).to.equal(texts.length);
  });

  it('keeps nothing of a literal or a comment', () => {
    fc.assert(
      fc.property(statement, (text) => {
        expectNothingOf(fingerprint(text).text);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps nothing of a literal that is cut off anywhere', () => {
    fc.assert(
      fc.property(statement, fc.integer({ min: 0, max: 100 }), (text, percent) => {
        expectNothingOf(fingerprint(text.slice(0, Math.floor((text.length * percent) / 100))).text);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps nothing of a literal that stands across the end of the prefix', function () {
    this.timeout(20_000);
    fc.assert(
      fc.property(statement, fc.integer({ min: 0, max: 120 }), (text, back) => {
        const padding = 'a '.repeat(4096);
        expectNothingOf(fingerprint(padding.slice(0, 8192 - back) + text + padding).text);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same whatever the literals are', () => {
    const template = (values: readonly string[]): string =>
      `select a, ${values[0] ?? ''} from t where b = ${values[1] ?? ''} and c in (${values.join(', ')}) limit ${values[2] ?? ''}`;
    fc.assert(
      fc.property(fc.array(literal, { minLength: 3, maxLength: 6 }), (values) => {
        expect(fingerprint(template(values)).text).to.equal('select a, ? from t where b = ? and c in (?) limit ?');
      }),
    );
  });

  it('is the same however a statement is spaced and written', () => {
    const words = [
      'select',
      'A',
      ',',
      'count',
      '(',
      '*',
      ')',
      'from',
      'T',
      'where',
      'b',
      '>=',
      '1',
      'and',
      'c',
      'in',
      '(',
      '2',
      ',',
      '3',
      ')',
    ];
    const gap = fc.constantFrom(' ', '\n', '\t ', ' /* c /* d */ */ ', ' -- c\n');
    fc.assert(
      fc.property(fc.array(gap, { minLength: words.length, maxLength: words.length }), fc.boolean(), (gaps, upper) => {
        const text = words.map((word, i) => `${upper ? word.toUpperCase() : word}${gaps[i] ?? ''}`).join('');
        expect(fingerprint(text).text).to.equal('select a, count(*) from t where b >= ? and c in (?)');
      }),
    );
  });

  it('answers for any input', () => {
    fc.assert(fc.property(awkwardSql, (text) => /^[0-9a-f]{16}$/.test(fingerprint(text).id)));
  });

  describe('of a long statement', () => {
    const rows = (count: number, width: number): string =>
      `insert into t values ${Array.from({ length: count }, (_, i) => `(${String(i)}, now(), '${'x'.repeat(width)}')`).join(', ')}`;

    it('uses the first 8,192 characters', () => {
      const head = 'select a, '.repeat(819) + 'b ';
      expect(head.length).to.equal(8192);
      expect(fingerprint(`${head}from t`).text).to.equal(fingerprint(`${head}from u where c = 1`).text);
      expect(fingerprint(head).text).to.match(/ b$/);
      expect(fingerprint(`${head}from t`).text).to.match(/ b \.\.\.$/);
    });

    it('does not show half a word', () => {
      expect(fingerprint(`${' '.repeat(8190)}password`).text).to.equal('...');
    });

    it('is the same for every number and length of rows', () => {
      const texts = new Set(
        [3000, 3001, 5000].flatMap((count) => [1, 2, 7, 20].map((width) => fingerprint(rows(count, width)).text)),
      );
      expect([...texts]).to.deep.equal(['insert into t values (?, now(), ?) ...']);
    });

    it('costs no more for a megabyte than for the prefix', () => {
      const text = rows(40_000, 20);
      const begin = performance.now();
      for (let i = 0; i < 100; i++) fingerprint(text);
      // 0.5 ms each where it reads the prefix only, 20 ms where it reads all.
      expect((performance.now() - begin) / 100).to.be.below(5);
    });
  });
});
