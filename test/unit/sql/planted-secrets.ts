import fc from 'fast-check';

// Nothing else in the statements below has four of these in a row.
const letters = 'qz9';
/** Four characters of a planted secret. */
export const pieceOfSecret = /[qz9]{4}|\d{4}/i;

const word = fc
  .nat(3 ** 16 - 1)
  .map((n) => `qz${[...n.toString(3).padStart(16, '0')].map((digit) => letters[Number(digit)]).join('')}`);
const digits = fc.nat(10 ** 9).map((n) => `7319${String(n).padStart(10, '0')}`);

const noise = [
  '',
  '',
  '',
  ' ',
  '\n',
  "'",
  '"',
  '\\',
  '$',
  '$a$',
  '$$',
  '/*',
  '*/',
  '--',
  ';',
  '?',
  ', ',
  ')',
  'é',
  '😀',
];
const quiet = noise.filter((piece) => !/['"\\$/*\-\n]/.test(piece));

function within(secret: fc.Arbitrary<string>, around: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...around), secret, fc.constantFrom(...around))
    .map(([before, text, after]) => before + text + after);
}

const secret = fc.oneof(word, digits);
const content = within(secret, noise);
const doubled = content.map((text) => text.replaceAll("'", "''"));
const escaped = content.map((text) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"));
const dollarless = content.map((text) => text.replaceAll('$', ''));
const oneLine = content.map((text) => text.replaceAll('\n', ''));
const commented = content.map((text) => text.replaceAll('*/', '').replaceAll('/*', ''));

const strings = fc.oneof(
  doubled.map((text) => `'${text}'`),
  doubled.map((text) => `'${text}'::text`),
  doubled.map((text) => `date '${text}'`),
  doubled.map((text) => `N'${text}'`),
  doubled.map((text) => `U&'${text}' uescape '!'`),
  doubled.map((text) => `'a'\n'${text}'`),
  doubled.map((text) => `'a' -- it's\n\t'b'\r'${text}'`),
  escaped.map((text) => `E'${text}'`),
  escaped.map((text) => `e'\\'${text}''\\\\'`),
  escaped.map((text) => `E'a'\n'${text}'`),
  digits.map((text) => `B'${text}'`),
  digits.map((text) => `x'${text}'`),
  dollarless.map((text) => `$$${text}$$`),
  dollarless.map((text) => `$tag$ $$ '${text} $ta $tag$`),
  dollarless.map((text) => `$é_1$${text}$é_1$`),
  word.map((text) => `$body$ begin execute $a$${text}$a$; end $body$`),
);

const numbers = fc.oneof(
  digits,
  digits.map((text) => `-${text}`),
  digits.map((text) => `- +${text}.${text}`),
  digits.map((text) => `.${text}`),
  digits.map((text) => `${text}.e-${text}`),
  digits.map((text) => `1e${text}::numeric`),
  digits.map((text) => `0x${text}`),
  digits.map((text) => `0b${text}`),
  digits.map((text) => `0o${text.replace(/[89]/g, '7')}`),
  digits.map((text) => `1_${text.replace(/\d{5}/g, '$&_')}0`),
  digits.map((text) => `$${text}`),
  fc.tuple(digits, word).map((parts) => parts.join('')),
  fc.tuple(digits, word).map(([number, text]) => `$${number}${text}`),
);

const comments = fc.oneof(
  commented.map((text) => `null /*${text}*/`),
  commented.map((text) => `/* a /*${text}*/ ${text} */ null`),
  oneLine.map((text) => `null --${text}\n`),
  oneLine.map((text) => `--${text}\r null`),
);

/** A quote too many: the secret seems to be outside. */
const misquoted = fc.oneof(
  word.map((text) => `'O'${text} and b = '`),
  word.map((text) => `'it\\'${text}'`),
  word.map((text) => `"a"${text}"`),
);

const value = fc.oneof(
  { weight: 8, arbitrary: strings },
  { weight: 5, arbitrary: numbers },
  { weight: 3, arbitrary: comments },
  { weight: 1, arbitrary: misquoted },
);

type Template = (...values: string[]) => string;

const templates: readonly Template[] = [
  (a, b) => `select * from t where a = ${a} and "B b" > ${b}`,
  (a, b) => `select ${a} as "A", t."x""y", ${b} from "S".t`,
  (a, b, c) => `select a from t where b in (${a}, ${b}, ${c}) limit ${a}`,
  (a, b, c) => `select a from t where b not in(${a},${a},${a}) or (c, d) in ((${b}, ${c}), (${b}, ${c}))`,
  (a, b, c) => `insert into t (a, "b") values (${a}, ${b}, now()), (${b}, ${c}, now()), (${a}, ${a}, default)`,
  (a, b) => `values (${a}), (${b}), (${a})`,
  (a, b, c) => `update t set a = ${a}, b = b - ${b} where c between ${c} and ${a}`,
  (a, b) => `delete from t where a like ${a} escape ${b}`,
  (a, b, c) => `select case when a = ${a} then ${b} else ${c} end - ${a}`,
  (a, b) => `select array[${a}, ${b}], a[${a}], f(x => ${b}), row(${a}, ${b})`,
  (a, b) => `select a->>${a}, b #> ${b}, c @> ${a}::jsonb, cast(${b} as text)`,
  (a, b) => `call pay(${a}, ${b})`,
  (a, b) => `execute p(${a}, ${b})`,
  (a, b) => `prepare p (text) as select ${a}, $1 from t where a = ${b}`,
  (a) => `prepare transaction ${a}`,
  (a, b) => `copy t (a) from program ${a} with (delimiter ${b})`,
  (a, b) => `copy (select ${a}) to ${b}`,
  (a) => `notify channel, ${a}`,
  (a) => `comment on column t."A a" is ${a}`,
  (a) => `security label for x on table t is ${a}`,
  (a, b) => `alter user "u" with password ${a} valid until ${b}`,
  (a) => `create role r login encrypted password ${a}`,
  (a, b) => `create user mapping for u server s options (user ${a}, password ${b})`,
  (a, b) => `create subscription s connection ${a} publication p with (slot_name = ${b})`,
  (a, b) => `set app.token = ${a}; set local b to ${b}`,
  (a, b) => `alter database d set a.b to ${a}; select ${b}`,
  (a, b) => `create function f(a int default ${a}) returns int language plpgsql as ${b}`,
  (a, b) => `create function f() returns int begin atomic select ${a}; select ${b}; end`,
  (a) => `do ${a}`,
  (a, b) => `create table t (a int default ${a}, check (a <> ${b}))`,
  (a, b) => `explain select * from t where a = ${a} union all (select ${b})`,
  (a, b) => `declare c cursor for select ${a}; fetch ${b} from c`,
  (a, b) => `begin; savepoint s; select ${a}; ; select ${b}; commit;`,
];

/** A statement with secrets where values and comments are, and nowhere else. */
const complete = fc
  .tuple(fc.constantFrom(...templates), value, value, value)
  .map(([template, ...values]) => template(...values));

const settings = word.map((text) => `set app.token = ${text}; alter role r set app."Token" to ${text}, "${text}"`);

/** What ends in the midst of a string, a comment or a number. */
const truncated = fc
  .tuple(complete, fc.integer({ min: 100, max: 1000 }))
  .map(([text, perMille]) => text.slice(0, Math.floor((text.length * perMille) / 1000)));

/** A missing quote, so that all strings behind it are turned inside out. */
const unclosed = fc
  .tuple(within(word, quiet), within(word, quiet), within(word, quiet))
  .map(([a, b, c]) => `select * from t where a = '${a} and b = '${b}' and c = '${c}'`);

const paddings = [' ', 'a ', 'a, ', "'', ", '/* */', "'", '(1), '];

/** The end of what is read of a long statement comes before the secrets, among them or behind them. */
const long = fc
  .tuple(complete, fc.integer({ min: -20, max: 240 }), fc.constantFrom(...paddings))
  .map(([text, before, padding]) => {
    const end = 8192 - before;
    const head = padding === "'" ? `select '${'a'.repeat(end - 9)}',` : padding.repeat(end / padding.length);
    return `${head.padEnd(end)}${text} ${' '.repeat(300)}`;
  });

export const statementWithSecrets = fc.oneof(
  { weight: 60, arbitrary: complete },
  { weight: 25, arbitrary: truncated },
  { weight: 8, arbitrary: long },
  { weight: 5, arbitrary: unclosed },
  { weight: 2, arbitrary: settings },
);
