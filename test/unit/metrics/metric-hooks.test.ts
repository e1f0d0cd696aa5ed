import { expect } from 'chai';
import { CancelledError, DeadlineExceededError, QueryTimeoutError } from '../../../lib/errors/errors.js';
import { fakeDatabase, sqlError } from './fake-database.js';
import type { FakeDatabase } from './fake-database.js';

const count = (histogram: { cumulative(): number[] }) => histogram.cumulative().at(-1);

describe('MetricHooks', () => {
  let db: FakeDatabase;

  beforeEach(() => {
    db = fakeDatabase();
  });

  it('puts a duration into the first bucket that it is no longer than', () => {
    for (const ms of [0, 1, 1.1, 5, 50, 10_000, 10_001]) db.hooks.onCreated(ms);
    expect(db.hooks.created.cumulative()).to.deep.equal([2, 4, 4, 5, 5, 5, 5, 5, 6, 7]);
    expect(db.hooks.created.sum).to.be.closeTo(20.0581, 1e-9);
  });

  it('keeps opening, waiting and holding apart', () => {
    const { hooks } = db;
    hooks.onCreated(1);
    hooks.onAcquired(2);
    hooks.onAcquired(2);
    for (let i = 0; i < 3; i++) hooks.onReleased(3);
    expect([hooks.created, hooks.acquired, hooks.used].map(count)).to.deep.equal([1, 2, 3]);
    expect(hooks.used.sum).to.equal(0.009);
  });

  it('knows a statement by its kind and by how it ended', () => {
    const outcome = 'rolled-back' as const;
    db.answer('select 1', 1);
    db.answer('insert into t values (1)', 1, sqlError('23505'));
    db.answer('update t set a = 1', 1, new QueryTimeoutError(1, { outcome }));
    db.answer('update t set a = 1', 1, new DeadlineExceededError(1, { outcome }));
    db.answer('delete from t', 1, new CancelledError('gone', { outcome }));
    db.answer('delete from t', 1, sqlError('57014', 'canceling statement due to user request'));
    db.answer('delete from t', 1, sqlError('57014', 'canceling statement due to statement timeout'));
    db.answer('vacuum', 1);
    const seen = Object.entries(db.hooks.queries).flatMap(([operation, outcomes]) =>
      Object.entries(outcomes).flatMap(([how, histogram]) =>
        count(histogram) === 0 ? [] : [`${String(count(histogram))} ${operation} ${how}`],
      ),
    );
    expect(seen).to.have.members([
      '1 SELECT ok',
      '1 INSERT error',
      '2 UPDATE timeout',
      '2 DELETE cancelled',
      '1 DELETE timeout',
      '1 OTHER ok',
    ]);
    expect(db.hooks.timeouts).to.deep.equal({ query: 2, deadline: 1 });
  });

  it('counts what took as long as the threshold, or longer, whether it failed or not', () => {
    db.answer('select 1', 999);
    db.answer('select 1', 1000);
    db.answer('select 1', 2000, sqlError('40001'));
    expect(db.hooks.slow).to.equal(2);
  });

  it('counts retries by how they ended, and why there was no connection', () => {
    db.hooks.onRetried(true);
    db.hooks.onRetried(false);
    db.hooks.onRetried(false);
    expect(db.hooks.retries).to.deep.equal({ succeeded: 1, failed: 2 });
    db.hooks.onAcquireFailed('circuit-open');
    db.hooks.onAcquireFailed('timeout');
    db.hooks.onAcquireFailed('timeout');
    expect(db.hooks.acquireFailures).to.include({ 'circuit-open': 1, timeout: 2, closed: 0 });
  });

  it('takes an error without a code that can be shown for another', () => {
    const secret = 'correct horse battery staple';
    for (const code of [secret, '2350', 'ECONNRESET', undefined, 42]) {
      db.answer('select 1', 1, Object.assign(new Error(secret), { code }));
    }
    expect(db.hooks.errors.counts.get('other')).to.equal(5);
    expect(db.hooks.errors.folded, 'no series was dropped').to.equal(0);
    expect([...db.hooks.errors.counts.keys()].join()).not.to.include(secret);
  });

  it('has 50 types of errors at the most; those that come later are another, and counted as dropped', () => {
    const { errors } = db.hooks;
    const known = errors.counts.size;
    expect(known).to.be.within(20, 45);
    for (let i = 0; i < 1000; i++) db.answer('select 1', 1, sqlError(`P${String(i).padStart(4, '0')}`));
    expect(errors.counts.size).to.equal(50);
    const kept = 50 - known;
    expect(errors.counts.get('other')).to.equal(1000 - kept);
    expect(errors.folded).to.equal(1000 - kept);
    db.answer('select 1', 1, sqlError('P0000'));
    db.answer('select 1', 1, sqlError('40001'));
    expect(errors.counts.get('P0000'), 'one that is known stays known').to.equal(2);
    expect(errors.counts.get('40001')).to.equal(1);
    expect(errors.folded).to.equal(1000 - kept);
  });

  it('costs less than a microsecond a statement', () => {
    const statement = { text: 'select * from t where id = $1', requestId: undefined, rows: 1, answeredAt: 0 };
    let best = Infinity;
    for (let round = 0; round < 10; round++) {
      const start = performance.now();
      for (let i = 0; i < 100_000; i++) db.hooks.onAnswered(statement, 3, undefined);
      best = Math.min(best, (performance.now() - start) / 100_000);
    }
    expect(best * 1e6, 'nanoseconds').to.be.below(1000);
  });
});
