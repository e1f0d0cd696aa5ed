import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import { Statements } from '../../../lib/core/sql/statements.js';
import { CancelledError, QueryTimeoutError } from '../../../lib/errors/errors.js';
import { SlowQueries, type SlowQueriesOptions } from '../../../lib/monitor/slow-queries.js';
import { FakeClock } from '../../../lib/testing/index.js';

const plan = [{ Plan: { 'Node Type': 'Seq Scan' } }];

describe('SlowQueries', () => {
  const statements = new Statements();
  let clock: FakeClock;
  let lines: { fields: Record<string, unknown>; message: string }[];
  let answers: ((plan: unknown) => void)[];
  let slow: SlowQueries;

  const explainer = { plan: () => new Promise<unknown>((resolve) => answers.push(resolve)) };
  function make(options: Partial<SlowQueriesOptions> = {}): void {
    clock = new FakeClock();
    lines = [];
    answers = [];
    const warn = (fields: object, message: string) => void lines.push({ fields: { ...fields }, message });
    slow = new SlowQueries({
      thresholdMs: 1000,
      logger: { ...silentLogger, warn },
      name: 'main',
      explainer: undefined,
      wallClock: () => 0,
      clock,
      ...options,
    });
  }
  beforeEach(() => make());
  afterEach(() => {
    slow.close();
    expect(clock.pending).to.equal(0);
  });

  function take(ms: number, error?: Error, text = "select 'secret' from t"): void {
    slow.take(statements.of(text), text, { requestId: 'r-1', rows: 3 }, ms, error);
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('keeps and logs what took as long as the threshold, and nothing faster', () => {
    take(999.9);
    expect(slow.total).to.equal(0);
    take(1000.4);
    const { id } = statements.of("select 'secret' from t");
    const known = { statement: 'select ? from t', fingerprint: id, duration_ms: 1000, rows: 3, request_id: 'r-1' };
    expect(lines).to.deep.equal([
      { fields: { pool: 'main', ...known, error: null, plan: null }, message: 'A slow statement' },
    ]);
    expect(slow.list()).to.deep.equal([{ ...known, error: null, at: '1970-01-01T00:00:00.000Z', plan: null }]);
    expect(slow.total).to.equal(1);
  });

  it('logs nothing for a duration that is none', () => {
    take(NaN);
    expect(slow.total).to.equal(0);
  });

  it('logs with the plan as soon as it is there, once', async () => {
    make({ explainer });
    take(2000);
    await turn();
    expect(lines).to.deep.equal([]);
    expect(slow.list()[0]?.plan).to.equal(null);
    answers[0]!(plan);
    await turn();
    expect(lines.map(({ fields }) => fields.plan)).to.deep.equal([plan]);
    expect(slow.list()[0]?.plan).to.deep.equal(plan);
  });

  it('logs without a plan where none comes', async () => {
    make({ explainer });
    take(2000);
    answers[0]!(undefined);
    await turn();
    expect(lines.map(({ fields }) => fields.plan)).to.deep.equal([null]);
    make({ explainer: { plan: () => Promise.reject(new Error('no')) } });
    take(2000);
    await turn();
    expect(lines).to.have.length(1);
  });

  it('names what it failed with by a code, never by a message', () => {
    const database = Object.assign(new Error('secret'), { code: '23505', severity: 'ERROR' });
    const socket = Object.assign(new Error('secret'), { code: 'EPIPE' });
    for (const error of [
      database,
      new QueryTimeoutError(5, { outcome: 'unknown' }),
      new CancelledError('secret', { outcome: 'unknown' }),
      socket,
    ]) {
      take(2000, error);
    }
    const codes = ['23505', 'DB_QUERY_TIMEOUT', 'DB_CANCELLED', 'UNKNOWN'];
    expect(lines.map(({ fields }) => fields.error)).to.deep.equal(codes);
    expect(JSON.stringify([lines, slow.list()])).to.not.contain('secret');
  });

  it('keeps the latest ones, the latest first, in copies', () => {
    make({ most: 3 });
    for (const ms of [1001, 1002, 1003, 1004]) take(ms);
    const durations = (limit?: number) => slow.list(limit).map(({ duration_ms }) => duration_ms);
    expect(durations()).to.deep.equal([1004, 1003, 1002]);
    expect(durations(2)).to.deep.equal([1004, 1003]);
    expect(durations(0)).to.deep.equal([]);
    expect(durations(100)).to.have.length(3);
    expect(slow.total).to.equal(4);
    Object.assign(slow.list()[0]!, { duration_ms: 0 });
    expect(durations(1)).to.deep.equal([1004]);
  });

  it('cuts a long statement', () => {
    take(2000, undefined, `select ${Array.from({ length: 2000 }, (_, index) => `c${String(index)}`).join(', ')}`);
    expect(slow.list()[0]?.statement)
      .to.have.length(2003)
      .and.match(/\.\.\.$/);
  });

  it('logs ten lines a second in a flood, and one about the rest', async () => {
    for (let count = 0; count < 25; count++) take(2000);
    expect(lines).to.have.length(10);
    await clock.advanceAsync(999);
    take(2000);
    expect(lines).to.have.length(10);
    await clock.advanceAsync(1);
    expect(lines.slice(10)).to.deep.equal([
      { fields: { pool: 'main', left_out: 16 }, message: 'More statements were slow than are logged' },
    ]);
    take(2000);
    expect(lines).to.have.length(12);
    expect(slow.total).to.equal(27);
    expect(clock.pending).to.equal(0);
  });

  it('does not wait for plans with all of a flood', async () => {
    make({ explainer });
    for (let count = 0; count < 200; count++) take(2000);
    expect(answers).to.have.length(50);
    expect(lines, 'those that do not wait').to.have.length(10);
    for (const answer of answers) answer(plan);
    await clock.advanceAsync(1000);
    expect(lines.at(-1)?.fields).to.include({ left_out: 190 });
  });

  it('logs what waits for its plan and what was left out when it is closed, and takes nothing any more', async () => {
    make({ explainer });
    take(2000);
    slow.close();
    expect(lines).to.have.length(1);
    answers[0]!(plan);
    await turn();
    take(2000);
    expect(lines).to.have.length(1);
    expect(slow.total).to.equal(1);
    make();
    for (let count = 0; count < 11; count++) take(2000);
    slow.close();
    expect(lines.at(-1)?.fields).to.include({ left_out: 1 });
    expect(clock.pending).to.equal(0);
  });

  it('survives a logger that throws', async () => {
    const warn = () => {
      throw new Error('full');
    };
    make({ explainer, logger: { ...silentLogger, warn } });
    take(2000);
    answers[0]!(plan);
    await turn();
    expect(slow.list()).to.have.length(1);
  });
});
