import { expect } from 'chai';
import {
  boolean,
  either,
  findProblem,
  integer,
  number,
  oneOf,
  refused,
  secret,
  show,
  text,
} from '../../../lib/core/options.js';

const rules = {
  attempts: integer(1, 5),
  share: either(number(0, 1), oneOf(false)),
  label: text(0, 3),
  token: secret(boolean),
  old: refused('use attempts'),
};

describe('a table of rules', () => {
  it('accepts what it describes', () => {
    expect(findProblem(rules, {})).to.equal(undefined);
    expect(findProblem(rules, { attempts: 1, share: 0, label: '', token: true, old: undefined })).to.equal(undefined);
    expect(findProblem(rules, { share: false })).to.equal(undefined);
    expect(findProblem(rules, { attempts: 5, share: 1, label: 'abc' })).to.equal(undefined);
  });

  const problems: [unknown, string, string][] = [
    [{ attempts: 6 }, 'attempts', 'Option "attempts": received 6; expected a whole number from 1 to 5'],
    [{ share: 2 }, 'share', 'Option "share": received 2; expected a number from 0 to 1, or false'],
    [{ share: NaN }, 'share', 'Option "share": received NaN; expected a number from 0 to 1, or false'],
    [{ label: 'abcd' }, 'label', 'Option "label": received "abcd"; expected a string of 0 to 3 characters'],
    [{ token: 'hunter2' }, 'token', 'Option "token": received [redacted]; expected true or false'],
    [{ old: 1 }, 'old', 'Option "old" is not supported: use attempts'],
    [{ atempts: 1 }, 'atempts', 'Unknown option "atempts" (did you mean "attempts"?). See the docs'],
    [{ attempt: 1 }, 'attempt', 'Unknown option "attempt" (did you mean "attempts"?). See the docs'],
    [{ xxtempts: 1 }, 'xxtempts', 'Unknown option "xxtempts" (did you mean "attempts"?). See the docs'],
    [{ attemxxxx: 1 }, 'attemxxxx', 'Unknown option "attemxxxx". See the docs'],
    [{ lake: 1 }, 'lake', 'Unknown option "lake" (did you mean "label"?). See the docs'],
    [{ nothing: 1 }, 'nothing', 'Unknown option "nothing". See the docs'],
    [{ olds: 1 }, 'olds', 'Unknown option "olds". See the docs'],
    [{ 'postgres://u:hunter2@h': 1 }, 'postgres://u:hunter2@h', 'Unknown option [redacted]. See the docs'],
    [null, 'options', 'Options: received null; expected an object'],
    ['hunter2', 'options', 'Options: received a string; expected an object'],
    [[], 'options', 'Options: received an array; expected an object'],
  ];
  for (const [given, option, message] of problems) {
    it(`says: ${message}`, () => {
      expect(findProblem(rules, given, 'See the docs')).to.deep.equal({ option, message });
    });
  }

  it('shows a value without what could be a credential', () => {
    const shown = [undefined, null, true, 1.5, 2n, 'a"b', Symbol('s'), () => 1, [1], { a: 1 }, 'x'.repeat(99)].map(
      show,
    );
    expect(shown.slice(0, 6)).to.deep.equal(['undefined', 'null', 'true', '1.5', '2n', '"a\\"b"']);
    expect(shown.slice(6, 10)).to.deep.equal(['a symbol', 'a function', 'an array', 'an object']);
    expect(shown[10]).to.have.lengthOf(60);
    for (const text of ['postgres://u:p@h', 'u:p@h', 'host=h password=p', 'Pwd=p'])
      expect(show(text)).to.equal('[redacted]');
  });
});
