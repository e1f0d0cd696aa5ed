import { expect } from 'chai';
import fc from 'fast-check';
import { redactPlan } from '../../../lib/core/sql/redact-plan.js';

const scan = {
  'Node Type': 'Index Scan',
  'Parallel Aware': false,
  'Scan Direction': 'Forward',
  'Index Name': 'Item_name',
  'Relation Name': 'Item',
  Alias: 'i',
  'Startup Cost': 0.27,
  'Total Cost': 8.29,
  'Plan Rows': 1,
  'Plan Width': 4,
  'Index Cond': "(name = 'secret'::text)",
  Filter: "((id > 7319) AND (tags && '{secret}'::text[]))",
};

/** Where EXPLAIN and its extensions show SQL, commands, file names, addresses, values. */
const tellingKeys = (
  'Filter,Join Filter,One-Time Filter,Conflict Filter,Index Cond,Recheck Cond,Hash Cond,Merge Cond,TID Cond,' +
  'Run Condition,Order By,Output,Sort Key,Presorted Key,Group Key,Group Keys,Hash Key,Hash Keys,Cache Key,Window,' +
  'Function Call,Table Function Call,Sampling Parameters,Repeatable Seed,Remote SQL,Settings,Foreign File,' +
  'Foreign Program,Node,Query Text,Something New,__proto__,constructor,node type,Alias2'
).split(',');

const mark = 'qz7319';
const around = fc.array(fc.constantFrom("''", '"', '\\\\', '$', '/*', '*/', '--', '\n', ';', '?', 'é'), {
  maxLength: 4,
});
const literal = fc.oneof(
  around.map((parts) => `'${parts.join('')}${mark}'`),
  around.map((parts) => `E'${parts.join('')}${mark}'`),
  around.map((parts) => `'${mark}${parts.join('')}`),
  around.map((parts) => `$a$${parts.join('').replaceAll('$', '')}${mark}$a$`),
  fc.constant(`/* ${mark} */`),
);
const expression = literal.map((value) => `((name)::text = ${value}::text) AND (b < 1)`);
const telling = fc.dictionary(
  fc.constantFrom(...tellingKeys),
  fc.oneof(expression, fc.array(expression, { maxLength: 3 }), fc.array(fc.array(expression), { maxLength: 2 })),
);
const plan: fc.Memo<object> = fc.memo((depth) =>
  fc
    .tuple(telling, depth > 1 ? fc.array(plan(), { maxLength: 2 }) : fc.constant([]), telling)
    .map(([own, plans, settings]): object => ({ 'Node Type': 'Seq Scan', ...own, Plans: plans, Settings: settings })),
);

describe('redactPlan', () => {
  it('keeps kinds of nodes, names, costs and the shape of expressions, and no value', () => {
    expect(redactPlan([{ Plan: { ...scan, Plans: [scan] } }])).to.deep.equal(
      [{ Plan: { ...scan, Plans: [scan] } }].map(() => {
        const redacted = { ...scan, 'Index Cond': '(name = ?::text)', Filter: '((id > ?) and (tags && ?::text[]))' };
        return { Plan: { ...redacted, Plans: [redacted] } };
      }),
    );
  });

  it('keeps lists of expressions as lists', () => {
    expect(redactPlan({ 'Sort Key': ["(a || 'x')", 'b DESC'], 'Group Keys': [['a', "'y'"], []] })).to.deep.equal({
      'Sort Key': ['(a || ?)', 'b desc'],
      'Group Keys': [['a', '?'], []],
    });
  });

  it('shows a string under a key that it does not know as a question mark, and its numbers', () => {
    const unknown = { 'Foreign Program': 'curl -u admin:secret', Node: 'host=db1 port=5432', 'Task Count': 4 };
    expect(redactPlan(unknown)).to.deep.equal({ 'Foreign Program': '?', Node: '?', 'Task Count': 4 });
  });

  it('leaves out keys that do not look like those of PostgreSQL', () => {
    expect(redactPlan({ 'a = 5': 1, "x'": 2, ['k'.repeat(70)]: 3, '': 4, Rows: 5 })).to.deep.equal({ Rows: 5 });
  });

  it('keeps nothing of a value, wherever it stands', () => {
    fc.assert(
      fc.property(plan(3), (given) => {
        expect(JSON.stringify(redactPlan(given))).to.not.contain(mark);
      }),
      { numRuns: 2000 },
    );
  });

  it('changes no prototype', () => {
    const told = redactPlan(JSON.parse('{"__proto__": {"Plan Rows": 1}, "constructor": {"prototype": {"a": 1}}}'));
    expect(Object.getPrototypeOf(told)).to.equal(null);
    expect(({} as Record<string, unknown>)['Plan Rows']).to.equal(undefined);
    expect(({} as Record<string, unknown>).a).to.equal(undefined);
  });

  it('takes whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (given) => {
        JSON.stringify(redactPlan(given));
      }),
    );
    expect(redactPlan(Symbol('a'))).to.equal(null);
    expect(redactPlan(NaN)).to.equal(null);
    expect(redactPlan(undefined)).to.equal(null);
  });

  it('ends with a note where a plan is wide, deep, long or turns in a circle', () => {
    const circle: Record<string, unknown> = { 'Node Type': 'Result' };
    circle.Plans = [circle, circle];
    let deep: object = scan;
    for (let depth = 0; depth < 20_000; depth++) deep = { Plans: [deep] };
    const wide = { Plans: Array.from({ length: 10_000 }, () => scan) };
    const long = { Plans: Array.from({ length: 100 }, () => ({ Filter: 'a and '.repeat(100_000) })) };
    const empty = { Plans: Array.from({ length: 100_000 }, () => ({})) };
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`K${String(index)}`, {}]));
    for (const given of [circle, deep, wide, long, empty, keys]) {
      const text = JSON.stringify(redactPlan(given));
      expect(text).to.contain('[left out]');
      expect(text.length).to.be.below(30_000);
    }
  });
});
