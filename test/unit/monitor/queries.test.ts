import { expect } from 'chai';
import { Statements } from '../../../lib/core/sql/statements.js';
import { QueryMonitor } from '../../../lib/monitor/queries.js';
import type { QueryOrder } from '../../../lib/monitor/reports.js';

interface Run {
  readonly ms?: number;
  readonly rows?: number;
  readonly failed?: boolean;
}

function monitored(options?: ConstructorParameters<typeof QueryMonitor>[0]) {
  const monitor = new QueryMonitor(options);
  const statements = new Statements();
  return {
    monitor,
    run: (text: string, { ms = 1, rows, failed = false }: Run = {}) => {
      monitor.record(statements.of(text), ms, rows, failed);
    },
    has: (text: string) =>
      monitor.performance({ limit: Infinity }).some(({ fingerprint }) => fingerprint === statements.of(text).id),
  };
}

const nameOf = (number: number) => `t${number.toString(36).padStart(6, 'a')}`;

describe('the query monitor', () => {
  it('groups statements that differ in their values only', () => {
    let now = Date.UTC(2026, 0, 2);
    const { monitor, run } = monitored({ now: () => now });
    run("select * from t where a = 'secret'", { ms: 10, rows: 2 });
    run('select * from t where a = 7', { ms: 30, rows: 3 });
    now += 1000;
    run('SELECT * FROM t WHERE a = $1 -- x', { ms: 20, failed: true });
    expect(monitor.size).to.equal(1);
    const [first] = monitor.performance();
    expect(first).to.deep.include({
      statement: 'select * from t where a = ?',
      calls: 3,
      errors: 1,
      rows: 5,
      total_ms: 60,
      mean_ms: 20,
      max_ms: 30,
      p99_ms: 30,
      last_run: '2026-01-02T00:00:01.000Z',
    });
    expect(first?.fingerprint).to.match(/^[0-9a-f]{16}$/);
    expect(first?.p50_ms).to.be.within(19, 21);
    expect(first?.p95_ms).to.be.within(28, 30);
  });

  it('sorts by what it is asked for', () => {
    const { monitor, run } = monitored();
    for (let i = 0; i < 10; i++) run('select often', { ms: 1 });
    for (let i = 0; i < 3; i++) run('select long', { ms: 100 });
    run('select longest', { ms: 90 });
    run('select longest', { ms: 101 });
    run('select mean', { ms: 100.5 });
    run('select wrong', { ms: 1, failed: true });
    const firstBy = (sort: QueryOrder) => monitor.performance({ sort, limit: 1 })[0]?.statement;
    expect(monitor.performance({ limit: 1 })[0]?.statement).to.equal('select long');
    expect(firstBy('total')).to.equal('select long');
    expect(firstBy('mean')).to.equal('select mean');
    expect(firstBy('calls')).to.equal('select often');
    expect(firstBy('max')).to.equal('select longest');
    expect(firstBy('errors')).to.equal('select wrong');
    expect(monitor.performance().map(({ total_ms }) => total_ms)).to.deep.equal([300, 191, 100.5, 10, 1]);
  });

  it('shows ten where nobody says how many', () => {
    const { monitor, run } = monitored();
    for (let i = 0; i < 12; i++) run(`select ${nameOf(i)}`);
    expect(monitor.performance()).to.have.length(10);
    expect(monitor.performance({ limit: 0 })).to.have.length(0);
    expect(monitor.performance({ limit: 11 })).to.have.length(11);
  });

  it('knows a long statement by all of its text and shows the first 2,000 characters', () => {
    const { monitor, run } = monitored();
    const long = 'a, '.repeat(1000);
    run(`select ${long}b`);
    run(`select ${long}c`);
    expect(monitor.size).to.equal(2);
    expect(monitor.performance()[0]?.statement).to.equal(`${`select ${long}`.slice(0, 2000)} ...`);
  });

  it('knows nothing after a reset', () => {
    const { monitor, run } = monitored();
    run('select a');
    run('select a');
    monitor.reset();
    expect([monitor.size, monitor.bytes, monitor.performance()]).to.deep.equal([0, 0, []]);
    run('select a');
    expect(monitor.performance()[0]?.calls).to.equal(1);
  });

  describe('above its limit', () => {
    const mostBytes = 100_000;

    it('stays below it, whatever comes', () => {
      const { monitor, run } = monitored({ mostBytes });
      for (let i = 0; i < 3000; i++) {
        run(`select ${nameOf(i)} ${'x, '.repeat(i % 1000)} y`, { ms: 1.5 ** (i % 30) });
        run(`select ${nameOf(i % 70)}`, { ms: 1.5 ** (i % 40) });
        expect(monitor.bytes).to.be.at.most(mostBytes);
      }
      expect(monitor.size).to.be.within(30, 200);
    });

    it('counts a statement as larger when its times differ more', () => {
      const { monitor, run } = monitored({ mostBytes });
      run('select a', { ms: 1 });
      const before = monitor.bytes;
      run('select a', { ms: 1 });
      expect(monitor.bytes).to.equal(before);
      run('select a', { ms: 1000 });
      expect(monitor.bytes - before).to.be.above(8 * 60);
    });

    it('keeps a statement that was called often through a flood of those that come once', () => {
      const { monitor, run, has } = monitored({ mostBytes });
      for (let i = 0; i < 100; i++) run('select often');
      for (let i = 0; i < 20_000; i++) run(`select ${nameOf(i)}`);
      expect(has('select often')).to.equal(true);
      expect(monitor.performance({ sort: 'calls', limit: 1 })[0]?.calls).to.equal(100);
    });

    it('comes to know a statement whose calls begin in the midst of a flood', () => {
      const { run, has } = monitored({ mostBytes });
      for (let i = 0; i < 10_000; i++) {
        run(`select ${nameOf(i)}`);
        if (i > 5000 && i < 6000 && i % 20 === 0) run('select later');
      }
      expect(has('select later')).to.equal(true);
    });

    it('forgets statements that were called often once, when others are', () => {
      const { monitor, run, has } = monitored({ mostBytes });
      for (let i = 0; i < 100; i++) run('select before');
      for (let i = 0; i < 5000; i++) for (let call = 0; call < 3; call++) run(`select ${nameOf(i)}`);
      expect(has('select before')).to.equal(false);
      expect(monitor.performance({ limit: 1, sort: 'calls' })[0]?.calls).to.equal(3);
    });

    it('keeps those that are called on', () => {
      const { monitor, run } = monitored({ mostBytes });
      for (let i = 0; i < 20_000; i++) {
        run('select on');
        run(`select ${nameOf(i)}`);
        run(`select ${nameOf(i)}`);
      }
      expect(monitor.performance({ limit: 1, sort: 'calls' })[0]?.calls).to.equal(20_000);
    });

    it('keeps nothing where nothing is allowed', () => {
      const { monitor, run } = monitored({ mostBytes: 0 });
      for (let i = 0; i < 5; i++) run(`select ${nameOf(i)}`);
      expect([monitor.size, monitor.bytes]).to.deep.equal([0, 0]);
    });
  });
});
