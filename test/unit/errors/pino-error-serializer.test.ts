import { expect } from 'chai';
import { pino } from 'pino';
import {
  AcquireTimeoutError,
  ConnectionLostError,
  DeadlineExceededError,
  pinoErrorSerializer,
  QueryTimeoutError,
} from '../../../lib/index.js';
import { CommitOutcomeUnknownError } from '../../../lib/errors/errors.js';

type Told = Record<string, unknown>;
const told = (error: unknown): Told => pinoErrorSerializer(error) as Told;

const secret = 'hunter2';

function databaseError(more: object = {}): Error {
  const message = `invalid input syntax for type integer: "${secret}"`;
  return Object.assign(new Error(message), {
    name: 'error',
    severity: 'ERROR',
    code: '22P02',
    detail: `Key (v)=(${secret}) already exists.`,
    hint: `Did you mean ${secret}?`,
    where: `SQL statement "select '${secret}'"`,
    internalQuery: `select '${secret}'`,
    routine: 'pg_strtoint32_safe',
    position: '17',
    schema: 'public',
    table: 'accounts',
    column: 'owner',
    constraint: 'accounts_owner_key',
    dataType: 'text',
    ...more,
  });
}

function expectNoSecret(value: unknown): void {
  expect(JSON.stringify(value)).not.to.include(secret);
}

describe('pinoErrorSerializer', () => {
  it('keeps the names, and nothing that holds a value, of a database error', () => {
    const { stack, ...rest } = told(databaseError());
    expect(rest).to.deep.equal({
      type: 'Error',
      message: 'A value is not acceptable (22P02)',
      code: '22P02',
      kind: 'data',
      condition: 'A value is not acceptable',
      severity: 'ERROR',
      routine: 'pg_strtoint32_safe',
      schema: 'public',
      table: 'accounts',
      column: 'owner',
      constraint: 'accounts_owner_key',
      dataType: 'text',
      position: 17,
    });
    expect(stack).to.match(/^\s+at .*pino-error-serializer\.test/);
    expectNoSecret(stack);
  });

  it('keeps no frame that a value pretends to be', () => {
    const value = `x\n    at ${secret} (file:///x.js:1:1)\n    at ${secret}:1:1`;
    const error = Object.assign(new Error(`invalid: "${value}"`), { severity: 'ERROR', code: '22P02' });
    expect(told(error).stack).to.match(/pino-error-serializer\.test/);
    expectNoSecret(told(error));
    error.message = 'changed by a library';
    expectNoSecret(told(error));
    error.message = '';
    expectNoSecret(told(error));
  });

  it('knows a statement and its server message in one, as knex writes them', () => {
    const error = databaseError();
    error.message = `insert into t values ('${secret}') - ${error.message}`;
    expectNoSecret(told(error));
    expect(told(error).stack).to.match(/^\s+at /);
  });

  it('tells of errors of ours what they are made of', () => {
    const counts = { total: 1, active: 1, idle: 0, connecting: 0, waiting: 2, max: 1 };
    const { stack, cause, message, ...rest } = told(new AcquireTimeoutError('primary', 30.5, counts, databaseError()));
    expect(rest).to.deep.equal({
      type: 'AcquireTimeoutError',
      code: 'DB_ACQUIRE_TIMEOUT',
      outcome: 'not-executed',
      retryable: true,
      pool: 'primary',
      waitedMs: 30.5,
      counts,
    });
    expect(message).to.match(/^Pool "primary": no connection within 31 ms .*failed: \[hidden\] \(22P02\)$/);
    expect(cause).to.include({ code: '22P02', kind: 'data' });
    expect(stack).to.include('AcquireTimeoutError: Pool "primary"');
    expectNoSecret([stack, cause, message]);
  });

  it('tells the numbers and the reason of each', () => {
    expect(told(new QueryTimeoutError(5, { outcome: 'unknown' }))).to.include({ timeoutMs: 5, retryable: false });
    expect(told(new DeadlineExceededError(7, { outcome: 'rolled-back' }))).to.include({ deadlineMs: 7 });
    expect(told(new CommitOutcomeUnknownError('failover'))).to.include({ reason: 'failover', outcome: 'unknown' });
  });

  it('leaves other errors as pino does, without what their causes say', () => {
    const error = new TypeError(`Could not save: ${databaseError().message}`, { cause: databaseError() });
    Object.assign(error, {
      name: 'SaveError',
      status: 500,
      context: { id: 7, failure: databaseError() },
      when: new Date(0),
    });
    const { stack, cause, ...rest } = told(error);
    expect(rest).to.deep.include({
      type: 'TypeError',
      name: 'SaveError',
      message: 'Could not save: [hidden]',
      status: 500,
      when: '1970-01-01T00:00:00.000Z',
    });
    expect(cause).to.include({ code: '22P02', constraint: 'accounts_owner_key' });
    expect(stack).to.match(/^SaveError: Could not save: \[hidden\]\n\s+at /);
    expectNoSecret([stack, cause, rest]);
  });

  it('keeps of a query builder its type, its frames and its cause', () => {
    class DrizzleQueryError extends Error {
      constructor(
        readonly query: string,
        readonly params: unknown[],
        cause: Error,
      ) {
        super(`Failed query: ${query}\nparams: ${String(params)}`, { cause });
      }
    }
    const error = new DrizzleQueryError(`select '${secret}'`, [secret], databaseError());
    const { stack, cause, ...rest } = told(error);
    expect(rest).to.deep.equal({ type: 'DrizzleQueryError', message: 'A statement failed' });
    expect(cause).to.include({ code: '22P02' });
    expect(stack).to.match(/^\s+at /);
    const outer = new Error(`Could not: ${error.message}`, { cause: error });
    expectNoSecret([stack, cause, told(outer)]);
    const sequelize = Object.assign(new Error('Validation error'), {
      sql: `insert '${secret}'`,
      fields: { v: secret },
      errors: [{ message: 'v must be unique', value: secret }],
      parent: databaseError(),
    });
    expect(told(sequelize).parent).to.include({ code: '22P02' });
    expectNoSecret(told(sequelize));
  });

  it('follows causes and aggregates', () => {
    const error = new AggregateError(
      [new ConnectionLostError('lost', { outcome: 'unknown', cause: databaseError() }), databaseError()],
      'all failed',
    );
    const { aggregateErrors } = told(error) as { aggregateErrors: Told[] };
    expect(aggregateErrors.map(({ type }) => type)).to.deep.equal(['ConnectionLostError', 'Error']);
    expectNoSecret(told(error));
  });

  it('understands what pino-http hands on, and its own result', () => {
    const std = Object.create({ aggregateErrors: undefined, raw: databaseError() }) as object;
    Object.assign(std, { type: 'Error', message: secret, detail: secret });
    expect(told(std)).to.include({ code: '22P02' });
    expectNoSecret(told(std));
    const once = told(databaseError({ code: '57014', message: 'canceling statement due to statement timeout' }));
    expect(once.kind).to.equal('timeout');
    expect(pinoErrorSerializer(once)).to.equal(once);
  });

  it('may be called for one line of a logger that has pino’s own serializer', () => {
    const lines: string[] = [];
    const error = new ConnectionLostError('lost', { outcome: 'unknown', cause: databaseError() });
    pino({}, { write: (line: string) => void lines.push(line) }).warn({ err: pinoErrorSerializer(error) }, 'text');
    const { err } = JSON.parse(lines[0] ?? '') as { err: Told };
    expect(err).to.include({ type: 'ConnectionLostError', code: 'DB_CONNECTION_LOST', outcome: 'unknown' });
    expectNoSecret(lines);
  });

  it('leaves what is no error as it is', () => {
    for (const value of [undefined, null, 'text', 7, true]) expect(pinoErrorSerializer(value)).to.equal(value);
    expect(told({ id: 7n, at: Buffer.from('x'), f: () => 1 })).to.deep.equal({ id: '7', at: '[binary]', f: undefined });
  });

  describe('never throws, and stays small', () => {
    const thrower = () => {
      throw new Error('getter');
    };
    const hostile = new Proxy(new Error('x'), { get: thrower, has: thrower, ownKeys: thrower });
    const revoked = Proxy.revocable(new Error('x'), {});
    revoked.revoke();
    const throwing = new Error('x');
    for (const key of ['code', 'stack', 'cause', 'severity', 'errors', 'name', 'query']) {
      Object.defineProperty(throwing, key, { get: thrower, enumerable: true });
    }
    const looped = new AggregateError([], 'looped');
    looped.errors.push(looped);
    looped.cause = looped;
    let deep = new Error('bottom');
    for (let i = 0; i < 10_000; i++) deep = new Error('above', { cause: deep });
    let shared: unknown = 1;
    for (let i = 0; i < 5; i++) shared = new Array(300).fill(shared);
    const wide = Object.assign(new Error('wide'), { shared });
    const long = new Error('x'.repeat(1_000_000));
    const many = new AggregateError(Array.from({ length: 100_000 }, () => databaseError()));
    const bad = Object.assign(new Error('bad'), { when: new Date(NaN), big: 1n, toJSON: thrower });

    const cases = { hostile, revoked: revoked.proxy, throwing, looped, deep, wide, long, many, bad };
    for (const [name, error] of Object.entries(cases)) {
      it(name, () => {
        const before = performance.now();
        const result = pinoErrorSerializer(error);
        expect(performance.now() - before).to.be.lessThan(1000);
        expect(JSON.stringify(result).length).to.be.lessThan(200_000);
      });
    }
    it('and cuts circles', () => {
      expect(told(looped)).to.include({ message: 'looped', cause: '[circular]' });
      expect(told(throwing)).to.include({ message: 'x' });
    });
  });
});
