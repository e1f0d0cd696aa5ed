import { expect } from 'chai';
import fc from 'fast-check';
import { Tokenizer, type TokenKind } from '../../../lib/core/sql/tokenizer.js';
import { awkwardSql } from './awkward-sql.js';

interface Token {
  kind: TokenKind;
  text: string;
  terminated: boolean;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const tokenizer = new Tokenizer(text);
  while (tokenizer.next()) {
    const { kind, start, end, terminated } = tokenizer;
    tokens.push({ kind, text: text.slice(start, end), terminated });
  }
  return tokens;
}

/** `kind:text` of every token but white space; `!` marks what has no end. */
function describeTokens(text: string): string[] {
  return tokensOf(text)
    .filter(({ kind }) => kind !== 'whitespace')
    .map(({ kind, text: part, terminated }) => `${kind}:${part}${terminated ? '' : '!'}`);
}

const cases: Record<string, [string, ...string[]][]> = {
  words: [
    ['select', 'word:select'],
    ['_a1$b', 'word:_a1$b'],
    ['größe 名前', 'word:größe', 'word:名前'],
    ['a\u00a0b', 'word:a\u00a0b'],
    ['a\u0080b', 'word:a\u0080b'],
    ['a.b', 'word:a', 'punctuation:.', 'word:b'],
    ['"A b"', 'quoted-identifier:"A b"'],
    ['"a""b"', 'quoted-identifier:"a""b"'],
    ['U&"d\\0061"', 'quoted-identifier:U&"d\\0061"'],
    ['"a', 'quoted-identifier:"a!'],
  ],
  strings: [
    ["'a'", "string:'a'"],
    ["''", "string:''"],
    ["'it''s'", "string:'it''s'"],
    ["'a\\' b", "string:'a\\'", 'word:b'],
    ["E'a\\' b'", "string:E'a\\' b'"],
    ["e'a\\\\' b", "string:e'a\\\\'", 'word:b'],
    ["E'a''b'", "string:E'a''b'"],
    ["U&'d\\' uescape", "string:U&'d\\'", 'word:uescape'],
    ["B'01' X'1F' n'x'", "string:B'01'", "string:X'1F'", "string:n'x'"],
    ["typE'a'", 'word:typE', "string:'a'"],
    ["u &'a'", 'word:u', 'operator:&', "string:'a'"],
    ["'a' 'b'", "string:'a'", "string:'b'"],
    ["'a'\n'b'", "string:'a'\n'b'"],
    ["'a' -- c\n -- d\n 'b'", "string:'a' -- c\n -- d\n 'b'"],
    ["'a' -- c\n b", "string:'a'", 'line-comment:-- c', 'word:b'],
    ["'a'\n/**/'b'", "string:'a'", 'block-comment:/**/', "string:'b'"],
    ["E'a'\n'b\\'; c'", "string:E'a'\n'b\\'; c'"],
    ["'a'\r'b\\'; c'", "string:'a'\r'b\\'", 'punctuation:;', 'word:c', "string:'!"],
    ["'a", "string:'a!"],
    ["'a''", "string:'a''!"],
    ["E'a\\'", "string:E'a\\'!"],
    ["'a'\n'b", "string:'a'\n'b!"],
  ],
  'dollar quotes': [
    ['$$a$b$$', 'dollar-string:$$a$b$$'],
    ["$x$ ' $$ $y$ $x$z", "dollar-string:$x$ ' $$ $y$ $x$", 'word:z'],
    ['$a$b$c$a$', 'dollar-string:$a$b$c$a$'],
    ['a$b$ c$b$', 'word:a$b$', 'word:c$b$'],
    ['$a b', 'punctuation:$', 'word:a', 'word:b'],
    ['$ä1$x$ä1$', 'dollar-string:$ä1$x$ä1$'],
    ['$a$ b $A$', 'dollar-string:$a$ b $A$!'],
    ['$$ a', 'dollar-string:$$ a!'],
    ['$$$a$$b', 'dollar-string:$$$a$$', 'word:b'],
  ],
  'numbers and parameters': [
    ['1 23 1_000', 'number:1', 'number:23', 'number:1_000'],
    ['1.5 .5 1. 1e9 1.5E-3', 'number:1.5', 'number:.5', 'number:1.', 'number:1e9', 'number:1.5E-3'],
    ['0x1F 0o17 0B01', 'number:0x1F', 'number:0o17', 'number:0B01'],
    ['1..10', 'number:1', 'punctuation:.', 'number:.10'],
    ['1e', 'number:1', 'word:e'],
    ['1and', 'number:1', 'word:and'],
    ['$1 $23', 'parameter:$1', 'parameter:$23'],
    ['$1for', 'parameter:$1', 'word:for'],
    ['a1 b2', 'word:a1', 'word:b2'],
  ],
  operators: [
    ['a=-1', 'word:a', 'operator:=', 'operator:-', 'number:1'],
    ['a@-1', 'word:a', 'operator:@-', 'number:1'],
    ['a / b', 'word:a', 'operator:/', 'word:b'],
    ['(*)', 'punctuation:(', 'operator:*', 'punctuation:)'],
    ['+-+', 'operator:+', 'operator:-', 'operator:+'],
    ['a->>b #>> c', 'word:a', 'operator:->>', 'word:b', 'operator:#>>', 'word:c'],
    ['a<=b<>c', 'word:a', 'operator:<=', 'word:b', 'operator:<>', 'word:c'],
    ['a*/**/b', 'word:a', 'operator:*', 'block-comment:/**/', 'word:b'],
    ['a+--b', 'word:a', 'operator:+', 'line-comment:--b'],
    ['++/*c*/', 'operator:+', 'operator:+', 'block-comment:/*c*/'],
    ['a::b', 'word:a', 'punctuation:::', 'word:b'],
    [
      'a := [1:2];',
      'word:a',
      'punctuation::=',
      'punctuation:[',
      'number:1',
      'punctuation::',
      'number:2',
      'punctuation:]',
      'punctuation:;',
    ],
  ],
  comments: [
    ['-- a\nb', 'line-comment:-- a', 'word:b'],
    ['-- a\rb', 'line-comment:-- a', 'word:b'],
    ["--'", "line-comment:--'"],
    ['/* a /* b */ c */ d', 'block-comment:/* a /* b */ c */', 'word:d'],
    ['/*/*/ */*/ a', 'block-comment:/*/*/ */*/', 'word:a'],
    ['/***/ a', 'block-comment:/***/', 'word:a'],
    ['/**/*/ a', 'block-comment:/**/', 'operator:*/', 'word:a'],
    ["/* ' */ a", "block-comment:/* ' */", 'word:a'],
    ['/* /* */ a', 'block-comment:/* /* */ a!'],
    ['/*/', 'block-comment:/*/!'],
  ],
};

describe('Tokenizer', () => {
  for (const [group, inputs] of Object.entries(cases)) {
    describe(group, () => {
      for (const [text, ...expected] of inputs) {
        it(JSON.stringify(text), () => {
          expect(describeTokens(text)).to.deep.equal(expected);
        });
      }
    });
  }

  it('finds nothing in an empty text', () => {
    expect(tokensOf('')).to.deep.equal([]);
  });

  it('tiles any input: the tokens put together are the input', function () {
    this.timeout(20_000);
    fc.assert(
      fc.property(fc.oneof(awkwardSql, fc.string({ unit: 'binary' })), (text) => {
        const tokens = tokensOf(text);
        expect(tokens.map((token) => token.text).join('')).to.equal(text);
        expect(tokens.every((token) => token.text !== '')).to.equal(true);
        expect(tokens.slice(0, -1).every((token) => token.terminated)).to.equal(true);
      }),
      { numRuns: 2000 },
    );
  });

  describe('takes linear time', () => {
    const million = 1_000_000;
    const shapes = [
      '(',
      "'",
      '"',
      '+',
      '-',
      '- ',
      '1',
      'w',
      ' ',
      '$',
      '/*',
      '$a',
      '$$a',
      "E'\\",
      "' \n",
      "'a'--\n",
      '1e+',
      '1.',
      'u&',
      "u&'a",
      '*/',
      '+/',
      '@-',
    ];
    for (const shape of shapes) {
      it(`on a million characters of ${JSON.stringify(shape)}`, function () {
        this.timeout(30_000);
        const tokenizer = new Tokenizer(shape.repeat(million / shape.length));
        const begin = performance.now();
        while (tokenizer.next());
        // A tenth of a second on a slow machine; quadratic time would be minutes.
        expect(performance.now() - begin).to.be.below(2000);
      });
    }

    it('on a long dollar tag without its end and on comments nested deeply', function () {
      this.timeout(30_000);
      const nested = '/*'.repeat(million / 4) + '*/'.repeat(million / 4);
      for (const text of [`$${'a'.repeat(million)}`, nested]) {
        const tokenizer = new Tokenizer(text);
        const begin = performance.now();
        while (tokenizer.next());
        expect(performance.now() - begin).to.be.below(2000);
      }
      expect(describeTokens(`${nested}a`).at(-1)).to.equal('word:a');
    });
  });
});
