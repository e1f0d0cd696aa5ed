import { expect } from 'chai';
import { Statements } from '../../../lib/core/sql/statements.js';
import { FakeClock } from '../../../lib/testing/fake-clock.js';
import { Answers } from '../../../lib/monitor/answers.js';
import { QueryMonitor } from '../../../lib/monitor/queries.js';

describe('answers on their way to the query monitor', () => {
  const statements = new Statements();
  let clock: FakeClock;
  let queries: QueryMonitor;
  let answers: Answers;

  beforeEach(() => {
    clock = new FakeClock(5000);
    queries = new QueryMonitor();
    answers = new Answers(queries, clock);
  });

  function answer(
    text: string,
    { ms = 1, rows, failed = false }: { ms?: number; rows?: number; failed?: boolean } = {},
  ): void {
    answers.add(statements.of(text), { text, rows, requestId: undefined, answeredAt: clock.now() }, ms, failed);
  }

  it('arrive with all that is known of them, once', () => {
    answer('select 1', { ms: 2, rows: 3 });
    answer('select 2', { ms: 6, failed: true });
    answers.flush();
    answers.flush();
    const [only, ...others] = queries.performance();
    expect(only).to.include({ statement: 'select ?', calls: 2, errors: 1, rows: 3, total_ms: 8, max_ms: 6 });
    expect(others).to.deep.equal([]);
  });

  it('arrive by themselves when there are 64 of them', () => {
    for (let i = 0; i < 63; i++) answer('select 1');
    expect(queries.size).to.equal(0);
    answer('select 1');
    expect(queries.performance()[0]?.calls).to.equal(64);
    answer('select 1');
    expect(queries.performance()[0]?.calls).to.equal(64);
  });

  it('tell when they were answered, not when they arrived', () => {
    const began = Date.now();
    answer('select 1');
    clock.advance(900);
    answers.flush();
    const at = Date.parse(queries.performance()[0]?.last_run ?? '');
    expect(at).to.be.within(began - 901, Date.now() - 899);
  });
});
