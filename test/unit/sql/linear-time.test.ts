import { expect } from 'chai';
import { fingerprint } from '../../../lib/core/sql/fingerprint.js';
import { Statements } from '../../../lib/core/sql/statements.js';
import { Tokenizer } from '../../../lib/core/sql/tokenizer.js';

/** Of so many characters, about. */
type Shape = (length: number) => string;

const repeated = (text: string): Shape => {
  return (length) => text.repeat(length / text.length);
};
const nested = (open: string, close: string): Shape => {
  return (length) => {
    const depth = length / (open.length + close.length);
    return open.repeat(depth) + close.repeat(depth);
  };
};

const shapes: Record<string, Shape> = {
  ...Object.fromEntries(
    [
      "''",
      "E'\\'",
      '- - ',
      '+-',
      '*+',
      '<->',
      '::',
      ',',
      '?,',
      '(1),',
      '1,(',
      '((),',
      ');',
      '/*',
      "'a'--\n",
      '--\n',
    ].map((text) => [`runs of ${JSON.stringify(text)}`, repeated(text)]),
  ),
  'calls in calls': nested('1,f(1,', ')'),
  'rows in rows': nested('1,(', '),'),
  'comments in comments': nested('/*', '*/'),
  'dollar tags that are never closed': (length) =>
    Array.from({ length: length / 10 }, (_, i) => `$a${String(i)}$`.padEnd(10)).join(''),
  'a long dollar tag, nearly closed again and again': (length) => {
    const tag = 'a'.repeat(Math.sqrt(length));
    return `$${tag}$${`$${tag}b$`.repeat(Math.sqrt(length) - 1)}`;
  },
  'long dollar tags without an end': (length) => `$${'a'.repeat(Math.sqrt(length))} `.repeat(Math.sqrt(length)),
};

const actions: [what: string, length: number, times: number, act: (text: string) => void][] = [
  [
    'the Tokenizer',
    1_000_000,
    1,
    (text) => {
      const tokenizer = new Tokenizer(text);
      while (tokenizer.next());
    },
  ],
  // It reads no more than this of a longer one.
  ['fingerprint', 8192, 10, fingerprint],
  ['a statement not yet known', 1_000_000, 1, (text) => new Statements().of(text)],
];

/** In milliseconds; the least of three, for others use the machine too. */
function timeOf(act: () => void): number {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    act();
    least = Math.min(least, performance.now() - begin);
  }
  return least;
}

/** A shorter time says nothing. */
const leastMs = 0.4;

describe('ten times as long a text takes about ten times as long', function () {
  this.timeout(60_000);

  for (const [what, length, times, act] of actions) {
    describe(`for ${what}`, () => {
      for (const [name, shape] of Object.entries(shapes)) {
        it(`with ${name}`, () => {
          const [short, long] = [length / 10, length].map((size) => {
            const text = shape(size);
            return timeOf(() => {
              for (let i = 0; i < times; i++) act(text);
            });
          }) as [number, number];
          expect(long, `after ${String(short)} ms`).to.be.below(40 * Math.max(short, leastMs));
        });
      }
    });
  }
});
