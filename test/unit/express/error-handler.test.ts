import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { Logger } from '../../../lib/core/logger.js';
import { silentLogger } from '../../../lib/core/logger.js';
import {
  AcquireTimeoutError,
  CancelledError,
  CircuitOpenError,
  CommitOutcomeUnknownError,
  ConfigurationError,
  ConnectionLostError,
  QueryTimeoutError,
  ShuttingDownError,
} from '../../../lib/errors/errors.js';
import { dbErrorHandler } from '../../../lib/express/error-handler.js';
import type { DbErrorHandlerOptions } from '../../../lib/express/error-handler.js';

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
  raw: string;
  passedOn: unknown[];
}

interface Request {
  method?: string;
  headers?: Record<string, string>;
  id?: unknown;
  prepare?: (res: ServerResponse) => void;
}

/** What the handler makes of an error, on Node's own request and response. */
function handle(error: unknown, request: Request = {}, options?: DbErrorHandlerOptions): Answer {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: request.method ?? 'GET' });
  Object.assign(req.headers, request.headers);
  if ('id' in request) Object.assign(req, { id: request.id });
  const res = new ServerResponse(req);
  request.prepare?.(res);
  let raw = '';
  res.end = ((chunk?: string) => {
    raw = chunk ?? '';
    return res;
  }) as typeof res.end;
  const passedOn: unknown[] = [];
  dbErrorHandler(options)(error, req, res, (...args) => passedOn.push(...args));
  const body = (raw === '' ? {} : JSON.parse(raw)) as Record<string, unknown>;
  return { status: res.statusCode, headers: { ...res.getHeaders() }, body, raw, passedOn };
}

const counts = { total: 20, active: 20, idle: 0, connecting: 0, waiting: 7, max: 20 };
const secretHost = 'db-7.internal.example';
const socketError = () =>
  Object.assign(new Error(`connect ECONNREFUSED ${secretHost}:5432`), { code: 'ECONNREFUSED', syscall: 'connect' });
const fromServer = (code: string, severity = 'FATAL') =>
  Object.assign(new Error(`said by ${secretHost}`), {
    code,
    severity,
    detail: 'Key (card)=(4111)',
    where: 'select pay()',
  });

const circuitOpen = (retryAfterMs: number) =>
  new CircuitOpenError('primary', {
    retryAfterMs,
    openedForMs: 700,
    isIsolated: false,
    lastSeen: `no answer from ${secretHost}:5432`,
  });

describe('dbErrorHandler', () => {
  const ours: [string, () => Error, Record<string, unknown>][] = [
    [
      'AcquireTimeoutError',
      () => new AcquireTimeoutError('primary', 30_000, counts, socketError()),
      { status: 503, code: 'DB_ACQUIRE_TIMEOUT', outcome: 'not-executed', retryable: true },
    ],
    [
      'CircuitOpenError',
      () => circuitOpen(0),
      { status: 503, code: 'DB_CIRCUIT_OPEN', outcome: 'not-executed', retryable: true },
    ],
    [
      'ConnectionLostError before the statement was sent',
      () => new ConnectionLostError(`lost ${secretHost}`, { outcome: 'not-executed', cause: socketError() }),
      { status: 503, code: 'DB_CONNECTION_LOST', outcome: 'not-executed', retryable: true },
    ],
    [
      'ConnectionLostError under the statement',
      () => new ConnectionLostError(`lost ${secretHost}`, { outcome: 'unknown', cause: socketError() }),
      { status: 503, code: 'DB_CONNECTION_LOST', outcome: 'unknown', retryable: false },
    ],
    [
      'ConnectionLostError of what was declared idempotent',
      () => new ConnectionLostError('lost', { outcome: 'unknown', retryable: true }),
      { status: 503, code: 'DB_CONNECTION_LOST', outcome: 'unknown', retryable: true },
    ],
    [
      'ShuttingDownError, as another instance may serve',
      () => new ShuttingDownError('closed'),
      { status: 503, code: 'DB_SHUTTING_DOWN', outcome: 'not-executed', retryable: true },
    ],
    [
      'QueryTimeoutError of a statement that was cancelled',
      () => new QueryTimeoutError(30_000, { outcome: 'rolled-back', cause: fromServer('57014', 'ERROR') }),
      { status: 504, code: 'DB_QUERY_TIMEOUT', outcome: 'rolled-back', retryable: true },
    ],
    [
      'QueryTimeoutError of a statement that may have run',
      () => new QueryTimeoutError(30_000, { outcome: 'unknown' }),
      { status: 504, code: 'DB_QUERY_TIMEOUT', outcome: 'unknown', retryable: false },
    ],
    [
      'CommitOutcomeUnknownError',
      () => new CommitOutcomeUnknownError('crash', socketError()),
      { status: 500, code: 'DB_COMMIT_OUTCOME_UNKNOWN', outcome: 'unknown', retryable: false },
    ],
  ];
  for (const [what, make, expected] of ours) {
    it(`answers ${String(expected.status)} to ${what}`, () => {
      const { status, headers, body, passedOn } = handle(make());
      expect(passedOn).to.deep.equal([]);
      expect(status).to.equal(expected.status);
      expect(body).to.include(expected);
      expect(headers).to.include({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
      expect('retry-after' in headers).to.equal(expected.status !== 500);
    });
  }

  const unavailable: [string, () => unknown][] = [
    ['53300 too_many_connections', () => fromServer('53300')],
    ['57P01 admin_shutdown', () => fromServer('57P01')],
    ['57P02 crash_shutdown', () => fromServer('57P02')],
    ['57P03 cannot_connect_now', () => fromServer('57P03')],
    ['08006 connection_failure', () => fromServer('08006')],
    ['a refused socket', socketError],
    [
      'refused sockets of every address',
      () => Object.assign(new AggregateError([socketError(), socketError()]), { code: 'ECONNREFUSED' }),
    ],
    ['a connection that ended in mid-statement', () => new Error('Connection terminated unexpectedly')],
    [
      '53300 that a query builder has wrapped',
      () => new Error('Failed query: select 1', { cause: fromServer('53300') }),
    ],
  ];
  for (const [what, make] of unavailable) {
    it(`answers 503 to ${what} of a bare pg`, () => {
      const { status, body, passedOn } = handle(make());
      expect(passedOn).to.deep.equal([]);
      expect(status).to.equal(503);
      expect(body).to.include({ code: 'DB_UNAVAILABLE', status: 503 });
      expect(body.retryable).to.equal(body.outcome !== 'unknown');
    });
  }

  it('tells what is known of 53300 and of a connection that ended', () => {
    expect(handle(fromServer('53300')).body).to.include({ outcome: 'not-executed', retryable: true });
    expect(handle(new Error('Connection terminated unexpectedly')).body).to.include({
      outcome: 'unknown',
      retryable: false,
    });
  });

  const others: [string, () => unknown][] = [
    ['a bug', () => new TypeError('x is not a function')],
    ['ConfigurationError', () => new ConfigurationError('max', 'max: received 0')],
    ['CancelledError', () => new CancelledError('aborted', { outcome: 'not-executed' })],
    ['a constraint', () => fromServer('23505', 'ERROR')],
    ['a wrong password', () => fromServer('28P01')],
    ['an error with a status of its own', () => Object.assign(new ShuttingDownError('closed'), { status: 418 })],
    ['an error with a statusCode of its own', () => Object.assign(socketError(), { statusCode: 502 })],
    ['another service that cannot be reached', () => new TypeError('fetch failed', { cause: socketError() })],
    ['a string', () => 'no'],
    ['null', () => null],
  ];
  for (const [what, make] of others) {
    it(`passes on ${what}`, () => {
      const error = make();
      const { passedOn, raw, headers } = handle(error);
      expect(passedOn).to.deep.equal([error]);
      expect(raw).to.equal('');
      expect(headers).to.deep.equal({});
    });
  }

  it('finds our error inside the one of a query builder', () => {
    const wrapped = new Error('Failed query: select $1 params: 4111', {
      cause: new QueryTimeoutError(5, { outcome: 'unknown' }),
    });
    expect(handle(wrapped).body).to.include({ status: 504, code: 'DB_QUERY_TIMEOUT' });
  });

  it('passes on what comes once the answer has begun', () => {
    const error = new ShuttingDownError('closed');
    const { passedOn, raw } = handle(error, {
      prepare: (res) => Object.defineProperty(res, 'headersSent', { value: true }),
    });
    expect(passedOn).to.deep.equal([error]);
    expect(raw).to.equal('');
  });

  it('names neither host nor value nor SQL nor stack', () => {
    for (const make of [...ours.map(([, make]) => make), ...unavailable.map(([, make]) => make)]) {
      const { raw, headers } = handle(make());
      expect(raw + JSON.stringify(headers)).not.to.match(/internal|4111|select|pay|stack|node_modules|5432/i);
    }
  });

  it('says everything that RFC 9457 and we promise, and nothing else', () => {
    const { body } = handle(new AcquireTimeoutError('primary', 1, counts), { id: 'req-1' });
    expect(body).to.deep.equal({
      type: 'urn:express-db-resilience:acquire-timeout',
      title: 'No database connection in time',
      status: 503,
      detail: 'The service could not get a connection to its database in time. The operation was not carried out.',
      code: 'DB_ACQUIRE_TIMEOUT',
      outcome: 'not-executed',
      retryable: true,
      instance: 'req-1',
    });
  });

  it('spreads Retry-After over whole seconds from the least to twice as much', () => {
    const error = new ShuttingDownError('closed');
    const seen = (options?: DbErrorHandlerOptions) =>
      new Set(Array.from({ length: 300 }, () => handle(error, {}, options).headers['retry-after']));
    expect([...seen()].sort()).to.deep.equal(['1', '2']);
    expect([...seen({ retryAfterSeconds: 3 })].sort()).to.deep.equal(['3', '4', '5', '6']);
  });

  it('says in Retry-After when an open circuit may be closed at the soonest, where that is later', () => {
    const seen = (retryAfterMs: number, options?: DbErrorHandlerOptions) =>
      [
        ...new Set(
          Array.from({ length: 400 }, () => handle(circuitOpen(retryAfterMs), {}, options).headers['retry-after']),
        ),
      ].sort();
    expect(seen(0)).to.deep.equal(['1', '2']);
    expect(seen(350)).to.deep.equal(['1', '2']);
    expect(seen(1001)).to.deep.equal(['2', '3', '4']);
    expect(seen(3200)).to.deep.equal(['4', '5', '6', '7', '8']);
    expect(seen(350, { retryAfterSeconds: 2 })).to.deep.equal(['2', '3', '4']);
    const wrapped = new Error('Failed query: select 1', { cause: circuitOpen(16_000) });
    expect(Number(handle(wrapped).headers['retry-after'])).to.be.within(16, 32);
  });

  describe('instance', () => {
    const error = new ShuttingDownError('closed');
    const instance = (request: Request) => handle(error, request).body.instance;

    it('is the id that pino-http and the like have set', () => {
      expect(instance({ id: 'a-1' })).to.equal('a-1');
      expect(instance({ id: 42, headers: { 'x-request-id': 'other' } })).to.equal('42');
    });

    it('is the header where there is none', () => {
      expect(instance({ headers: { 'x-request-id': '0f8fad5b-d9cb-469f-a165-70867728950e' } })).to.equal(
        '0f8fad5b-d9cb-469f-a165-70867728950e',
      );
    });

    it('is left out where there is none, or one that is no id', () => {
      expect(handle(error).body).not.to.have.property('instance');
      for (const header of ['', '<script>', 'a b', 'x\ny', 'x'.repeat(129)]) {
        expect(instance({ headers: { 'x-request-id': header } }), header).to.equal(undefined);
      }
      expect(instance({ id: { toString: () => 'object' } })).to.equal(undefined);
    });
  });

  it('takes back what the route had said of its own answer', () => {
    const { headers, status } = handle(new ShuttingDownError('closed'), {
      prepare: (res) => {
        res.statusCode = 201;
        res.setHeader('Content-Type', 'text/csv');
        res.setHeader('Content-Disposition', 'attachment');
        res.setHeader('ETag', '"1"');
        res.setHeader('Cache-Control', 'public, max-age=3600');
        res.setHeader('Content-Security-Policy', "default-src 'none'");
        res.setHeader('X-Powered-By', 'me');
      },
    });
    expect(status).to.equal(503);
    expect(headers).to.include({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'",
      'x-powered-by': 'me',
    });
    expect(headers).not.to.have.any.keys('etag', 'content-disposition');
  });

  it('answers HEAD without a body', () => {
    const { raw, status, headers } = handle(new ShuttingDownError('closed'), { method: 'HEAD' });
    expect(raw).to.equal('');
    expect(status).to.equal(503);
    expect(Number(headers['content-length'])).to.be.greaterThan(100);
  });

  it('warns of what it answers, without values', () => {
    const warnings: [object, string][] = [];
    const logger: Logger = { ...silentLogger, warn: (fields, message) => void warnings.push([fields, message]) };
    handle(
      new QueryTimeoutError(30_000, { outcome: 'rolled-back', cause: fromServer('57014', 'ERROR') }),
      { id: 'r' },
      { logger },
    );
    expect(warnings).to.have.length(1);
    const [fields, message] = warnings[0] ?? [{}, ''];
    expect(message).to.equal('Answered 504 for the database');
    expect(fields).to.deep.equal({
      status: 504,
      code: 'DB_QUERY_TIMEOUT',
      outcome: 'rolled-back',
      request_id: 'r',
      reason:
        'The statement did not finish (it was cancelled on the server and undone) within its time-out of 30000 ms',
    });
    handle(new Error('Failed query: select pay($1) params: 4111', { cause: fromServer('53300') }), {}, { logger });
    handle(
      new Error('Failed query: select pay($1) params: 4111', { cause: new ShuttingDownError('closed') }),
      {},
      { logger },
    );
    expect(warnings).to.have.length(3);
    expect(JSON.stringify(warnings)).not.to.match(/4111|select|internal/);
    handle(new TypeError('mine'), {}, { logger });
    expect(warnings).to.have.length(3);
  });

  it('refuses options that are unknown or impossible', () => {
    const wrong: unknown[] = [
      { retryAfterSeconds: 0 },
      { retryAfterSeconds: 1.5 },
      { logger: {} },
      { retryAfter: 1 },
      5,
      null,
    ];
    for (const options of wrong) {
      expect(() => dbErrorHandler(options as DbErrorHandlerOptions), JSON.stringify(options)).to.throw(
        ConfigurationError,
      );
    }
    expect(dbErrorHandler()).to.have.length(4);
  });
});
