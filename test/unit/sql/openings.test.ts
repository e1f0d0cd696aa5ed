import { expect } from 'chai';
import { firstWord, openings } from '../../../lib/core/sql/openings.js';

describe('the openings of a text', () => {
  for (const [text, expected] of [
    ['', []],
    [';;', []],
    ['BEGIN', ['begin']],
    ['Insert Into t values (1)', ['insert into']],
    ['-- a\n/* b */ select /* c */ 1; ; update t set a = 1', ['select', 'update t']],
    ['(select 1)', []],
    ['select "a" from t', ['select']],
    ["select 'x; commit'", ['select']],
  ] as const) {
    it(`of ${JSON.stringify(text)}`, () => expect(openings(text)).to.deep.equal(expected));
  }
});

describe('the first word of a text', () => {
  for (const [text, expected] of [
    ['', ''],
    ['LISTEN x', 'listen'],
    [' ;/* a */ -- b\n Rollback', 'rollback'],
    ['(select 1)', ''],
    ['$1', ''],
  ] as const) {
    it(`of ${JSON.stringify(text)}`, () => expect(firstWord(text)).to.equal(expected));
  }
});
