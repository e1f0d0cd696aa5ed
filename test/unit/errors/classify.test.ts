import { expect } from 'chai';
import { classify, type Classification, type Phase } from '../../../lib/errors/classify.js';
import {
  AcquireTimeoutError,
  CancelledError,
  ConfigurationError,
  ConnectionLostError,
  DbResilienceError,
  type ErrorCode,
  type Outcome,
  QueryTimeoutError,
  ShuttingDownError,
} from '../../../lib/errors/errors.js';

const phases: Phase[] = ['connect', 'statement', 'transaction', 'commit'];

function failure(code: string, syscall?: string): Error {
  return Object.assign(new Error(`${syscall ?? 'read'} ${code}`), {
    code,
    ...(syscall === undefined ? {} : { syscall }),
  });
}

const unreachable: Classification = {
  kind: 'unreachable',
  retry: 'statement',
  countsAgainstCircuit: true,
  outcome: 'not-executed',
  unavailable: true,
  hopeless: false,
};
const lost: Classification = { ...unreachable, kind: 'connection-lost', retry: 'idempotent', outcome: 'unknown' };
const other: Classification = {
  kind: 'other',
  retry: 'never',
  countsAgainstCircuit: false,
  outcome: 'unknown',
  unavailable: false,
  hopeless: false,
};

describe('classify: sockets', () => {
  const neverConnected = [
    ...'ECONNREFUSED ENOTFOUND EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL'.split(' '),
    ...'EAI_AGAIN EAI_FAIL EAI_MEMORY EAI_NODATA EAI_NONAME EAI_SYSTEM'.split(' '),
    ...'ERR_SOCKET_CLOSED_BEFORE_CONNECTION ERR_SOCKET_CONNECTION_TIMEOUT'.split(' '),
  ];
  const broken = [
    ...'ETIMEDOUT ECONNRESET EPIPE ECONNABORTED ENETRESET ENOTCONN ESHUTDOWN'.split(' '),
    ...'ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END ERR_SOCKET_CLOSED'.split(' '),
  ];
  const ofMachine = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'];

  for (const code of [...neverConnected, ...broken, ...ofMachine]) {
    it(`${code} while connecting: nothing was sent`, () => {
      expect(classify(failure(code), 'connect')).to.deep.equal(unreachable);
      expect(classify(failure(code, 'connect'), 'statement')).to.deep.equal(unreachable);
      expect(classify(failure(code, 'connect'), 'transaction')).to.deep.equal({ ...unreachable, retry: 'transaction' });
    });
  }
  for (const code of neverConnected) {
    it(`${code} of a statement: nothing was sent, unless the socket was alive`, () => {
      expect(classify(failure(code), 'statement')).to.deep.equal(unreachable);
      expect(classify(failure(code, 'getaddrinfo'), 'statement')).to.deep.equal(unreachable);
      expect(classify(failure(code, 'read'), 'statement')).to.deep.equal(lost);
      expect(classify(failure(code, 'write'), 'statement')).to.deep.equal(lost);
      expect(classify(failure(code), 'transaction')).to.deep.equal(lost);
      expect(classify(failure(code), 'commit')).to.deep.equal(lost);
    });
  }
  for (const code of ofMachine) {
    it(`${code} of anything but a connection is another matter`, () => {
      expect(classify(failure(code, 'open'), 'statement')).to.deep.equal(other);
    });
  }
  for (const code of broken) {
    it(`${code} of a statement: it may have run`, () => {
      for (const phase of ['statement', 'transaction', 'commit'] as const) {
        expect(classify(failure(code, 'read'), phase)).to.deep.equal(lost);
        expect(classify(failure(code), phase)).to.deep.equal(lost);
      }
    });
  }

  it('a unix socket that is not there is like a refused connection, a file is not', () => {
    expect(classify(failure('ENOENT', 'connect'), 'connect')).to.deep.equal(unreachable);
    expect(classify(failure('EACCES', 'connect'), 'statement')).to.deep.equal(unreachable);
    expect(classify(failure('ENOENT', 'open'), 'connect')).to.include({
      kind: 'configuration',
      retry: 'never',
      hopeless: true,
    });
    expect(classify(failure('ENOENT', 'open'), 'statement')).to.deep.equal(other);
  });

  describe('TLS', () => {
    const advice: [code: string, advice: RegExp][] = [
      ['DEPTH_ZERO_SELF_SIGNED_CERT', /CA/],
      ['SELF_SIGNED_CERT_IN_CHAIN', /CA/],
      ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /CA/],
      ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /CA/],
      ['CERT_HAS_EXPIRED', /Renew|clock/],
      ['ERR_TLS_CERT_ALTNAME_INVALID', /name/],
      ['EPROTO', /TLS settings/],
      ['ERR_SSL_WRONG_VERSION_NUMBER', /TLS settings/],
      ['ERR_OSSL_PEM_NO_START_LINE', /TLS settings/],
    ];
    for (const [code, text] of advice) {
      it(`${code} is hopeless while connecting`, () => {
        const classification = classify(failure(code), 'connect');
        expect(classification).to.deep.include({
          kind: 'tls',
          retry: 'never',
          countsAgainstCircuit: false,
          outcome: 'not-executed',
          unavailable: false,
          hopeless: true,
        });
        expect(classification.advice).to.match(text);
      });
    }

    it('that could not be set up for a statement has sent nothing', () => {
      for (const error of [failure('CERT_HAS_EXPIRED'), failure('EPROTO', 'connect')]) {
        expect(classify(error, 'statement')).to.deep.equal({ ...other, kind: 'tls', outcome: 'not-executed' });
      }
    });

    it('that breaks in the middle is a broken connection', () => {
      expect(classify(failure('EPROTO', 'write'), 'statement')).to.deep.equal(lost);
      expect(classify(failure('ERR_SSL_BAD_RECORD_MAC'), 'statement')).to.deep.equal(lost);
      expect(classify(failure('ERR_SSL_UNEXPECTED_EOF_WHILE_READING'), 'connect')).to.deep.equal(unreachable);
      expect(classify(failure('ERR_TLS_HANDSHAKE_TIMEOUT'), 'connect')).to.deep.equal(unreachable);
    });
  });
});

describe('classify: the messages of pg', () => {
  type MessageRow = [message: string, connect: Partial<Classification>, statement: Partial<Classification>];
  const misused: Classification = { ...other, kind: 'caller', outcome: 'not-executed' };
  const rows: MessageRow[] = [
    ['Connection terminated unexpectedly', unreachable, lost],
    ['Connection terminated', unreachable, { ...lost, countsAgainstCircuit: false }],
    ['Connection terminated due to connection timeout', unreachable, unreachable],
    ['timeout expired', unreachable, unreachable],
    [
      'timeout exceeded when trying to connect',
      { ...unreachable, kind: 'timeout', countsAgainstCircuit: false },
      { ...unreachable, kind: 'timeout', countsAgainstCircuit: false },
    ],
    ['Client has encountered a connection error and is not queryable', unreachable, unreachable],
    [
      'Client was closed and is not queryable',
      unreachable,
      { ...unreachable, kind: 'connection-lost', countsAgainstCircuit: false },
    ],
    ['Query read timeout', { ...unreachable, kind: 'timeout' }, { ...lost, kind: 'timeout', unavailable: false }],
    ['There was an error establishing an SSL connection', unreachable, unreachable],
    [
      'The server does not support SSL connections',
      { kind: 'tls', retry: 'never', hopeless: true, countsAgainstCircuit: false },
      { kind: 'tls', retry: 'never', hopeless: false, outcome: 'not-executed' },
    ],
    [
      'Cannot use a pool after calling end on the pool',
      { kind: 'shutting-down', retry: 'never', unavailable: true, countsAgainstCircuit: false },
      {
        kind: 'shutting-down',
        retry: 'never',
        outcome: 'not-executed',
        unavailable: true,
        countsAgainstCircuit: false,
      },
    ],
    [
      'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string',
      { kind: 'authentication', retry: 'never', hopeless: true, advice: 'Give a password.' },
      { kind: 'authentication', retry: 'never', outcome: 'not-executed' },
    ],
    [
      'SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match',
      { kind: 'authentication', retry: 'never', hopeless: true },
      { kind: 'authentication', retry: 'never' },
    ],
    ...[
      'Password must be a string',
      'SASL: Only mechanism(s) SCRAM-SHA-256 are supported',
      'SASL: Mechanism SCRAM-SHA-256-PLUS requires a certificate',
      'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string',
      'SASL: SCRAM-SERVER-FIRST-MESSAGE: server nonce is too short',
      'SASL: SCRAM-SERVER-FINAL-MESSAGE: server returned error: "other-error"',
      'SASL channel binding: unknown OID 1.2.3 when parsing public certificate AA==',
      'Unknown authenticationOk message type 7',
    ].map((message): MessageRow => [
      message,
      { kind: 'authentication', retry: 'never', outcome: 'not-executed', hopeless: true, unavailable: false },
      { kind: 'authentication', retry: 'never', outcome: 'not-executed', hopeless: false, unavailable: false },
    ]),
    ...[
      'sslnegotiation=direct requires SSL to be enabled',
      'Invalid sslnegotiation value: "x". Valid values are "postgres" and "direct".',
    ].map((message): MessageRow => [
      message,
      { kind: 'configuration', retry: 'never', outcome: 'not-executed', hopeless: true },
      { kind: 'configuration', retry: 'never', outcome: 'not-executed', hopeless: false },
    ]),
    ...[
      'rowDescription',
      'dataRow',
      'portalSuspended',
      'emptyQuery',
      'commandComplete',
      'parseComplete',
      'copyInResponse',
      'copyData',
    ].map((name): MessageRow => [`Received unexpected ${name} message from backend.`, unreachable, lost]),
    ['received invalid response: 48', unreachable, lost],
    ...[
      'A query must have either text or a name. Supplying neither is unsupported.',
      "Prepared statements must be unique - 'a' was used for a different statement",
      'Query values must be an array',
      'circular reference detected while preparing "[object Object]" for query',
      'Client was passed a null or undefined query',
      'Passing a function as the first parameter to pool.query is not supported',
      'The `rows` option is not supported in pipeline mode',
      'Custom query classes such as pg-cursor and pg-query-stream are not supported in pipeline mode',
      'Client has already been connected. You cannot reuse a client.',
      'Release called on client which has already been released to the pool.',
      'Called end on pool more than once',
    ].map((message): MessageRow => [message, misused, misused]),
    // Too common to be told from an application's own.
    ...['callback is not a function', 'unexpected condition'].map((message): MessageRow => [
      message,
      { ...other, outcome: 'not-executed' },
      other,
    ]),
  ];
  for (const [message, connect, statement] of rows) {
    it(message, () => {
      expect(classify(new Error(message), 'connect')).to.deep.include(connect);
      expect(classify(new Error(message), 'statement')).to.deep.include(statement);
      const replay = statement.retry === 'statement' ? 'transaction' : statement.retry;
      for (const phase of ['transaction', 'commit'] as const) {
        expect(classify(new Error(message), phase)).to.deep.include({ ...statement, retry: replay });
      }
    });
  }
});

describe('classify: several addresses', () => {
  const refused = failure('ECONNREFUSED', 'connect');

  it('takes what its parts say', () => {
    expect(classify(new AggregateError([refused, failure('ENETUNREACH', 'connect')]), 'connect')).to.deep.equal(
      unreachable,
    );
  });

  it('is not hopeless where one address may come back', () => {
    const errors = [failure('CERT_HAS_EXPIRED'), refused];
    expect(classify(new AggregateError(errors), 'connect')).to.deep.equal(unreachable);
    expect(classify(new AggregateError([failure('CERT_HAS_EXPIRED')]), 'connect').hopeless).to.equal(true);
  });

  it('may have run where one part may have', () => {
    expect(classify(new AggregateError([refused, failure('ECONNRESET', 'read')]), 'statement')).to.deep.equal(lost);
  });

  it('is not led astray by an aggregate that contains itself', () => {
    const looped = new AggregateError([]);
    looped.errors.push(looped, refused);
    expect(classify(looped, 'connect')).to.deep.equal(unreachable);
  });

  it('falls back to its own code', () => {
    expect(classify(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'connect')).to.deep.equal(
      unreachable,
    );
    expect(classify(new AggregateError(['x', undefined]), 'connect').kind).to.equal('other');
  });
});

describe('classify: what is wrapped', () => {
  const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01', severity: 'ERROR' });

  it('finds the database error that a query builder wrapped', () => {
    const wrapped = new Error('Failed query', { cause: deadlock });
    expect(classify(wrapped, 'transaction')).to.deep.equal(classify(deadlock, 'transaction'));
  });

  it("does not look for a socket, which may be another service's", () => {
    const cause = failure('ECONNREFUSED', 'connect');
    expect(classify(new TypeError('fetch failed', { cause }), 'transaction')).to.deep.equal(other);
  });
});

describe('classify: errors of ours', () => {
  const counts = { total: 1, active: 1, idle: 0, connecting: 0, waiting: 1, max: 1 };
  const refused = failure('ECONNREFUSED', 'connect');
  const password = Object.assign(new Error('no'), { code: '28P01', severity: 'FATAL' });

  class Any extends DbResilienceError {
    constructor(
      readonly code: ErrorCode,
      outcome: Outcome,
      retryable?: boolean,
    ) {
      super('any', { outcome, ...(retryable === undefined ? {} : { retryable }) });
    }
  }

  function expectOf(
    error: DbResilienceError,
    phase: Phase,
    ...expected: [kind: string, retry: string, circuit: boolean, unavailable: boolean]
  ): void {
    const { kind, retry, countsAgainstCircuit, unavailable, outcome } = classify(error, phase);
    expect([kind, retry, countsAgainstCircuit, unavailable]).to.deep.equal(expected);
    expect(outcome).to.equal(error.outcome);
  }

  it('a full pool is not an ill database', () => {
    const error = new AcquireTimeoutError('primary', 30, counts);
    expectOf(error, 'connect', 'timeout', 'statement', false, true);
    expectOf(error, 'transaction', 'timeout', 'transaction', false, true);
  });

  it('a pool that could not connect is', () => {
    expectOf(new AcquireTimeoutError('primary', 30, counts, refused), 'connect', 'timeout', 'statement', true, true);
  });

  it('a cause that leads back to it does no harm', () => {
    const error = new AcquireTimeoutError('primary', 30, counts);
    error.cause = new ConnectionLostError('x', { outcome: 'not-executed', cause: error });
    expectOf(error, 'connect', 'timeout', 'statement', true, true);
  });

  it('a wrong password behind it is hopeless', () => {
    for (const error of [
      new AcquireTimeoutError('primary', 30, counts, password),
      new ConnectionLostError('no connection', { outcome: 'not-executed', cause: password }),
      new ConnectionLostError('no connection', { outcome: 'not-executed', cause: failure('CERT_HAS_EXPIRED') }),
    ]) {
      expect(classify(error, 'connect')).to.deep.equal(classify(error.cause, 'connect'));
      expect(classify(error, 'connect').hopeless).to.equal(true);
    }
  });

  it('a lost connection is retried as its outcome allows', () => {
    expectOf(
      new ConnectionLostError('x', { outcome: 'not-executed', cause: refused }),
      'connect',
      'unreachable',
      'statement',
      true,
      true,
    );
    expectOf(
      new ConnectionLostError('x', { outcome: 'not-executed' }),
      'transaction',
      'unreachable',
      'transaction',
      true,
      true,
    );
    expectOf(
      new ConnectionLostError('x', { outcome: 'unknown', cause: password }),
      'statement',
      'connection-lost',
      'idempotent',
      true,
      true,
    );
  });

  it('a time-out counts once the statement was sent', () => {
    expectOf(new QueryTimeoutError(5, { outcome: 'not-executed' }), 'statement', 'timeout', 'statement', false, false);
    expectOf(new QueryTimeoutError(5, { outcome: 'rolled-back' }), 'statement', 'timeout', 'never', true, false);
    expectOf(new QueryTimeoutError(5, { outcome: 'unknown' }), 'statement', 'timeout', 'idempotent', true, false);
    expectOf(
      new QueryTimeoutError(5, { outcome: 'rolled-back', retryable: true }),
      'commit',
      'timeout',
      'transaction',
      true,
      false,
    );
  });

  it('a deadline that has passed is never tried again', () => {
    expectOf(new Any('DB_DEADLINE_EXCEEDED', 'not-executed'), 'connect', 'timeout', 'never', false, false);
    expectOf(new Any('DB_DEADLINE_EXCEEDED', 'unknown', true), 'statement', 'timeout', 'never', true, false);
  });

  it('neither is what the caller cancelled, nor what a closing pool refused', () => {
    expectOf(
      new CancelledError('x', { outcome: 'not-executed', retryable: true }),
      'statement',
      'caller',
      'never',
      false,
      false,
    );
    expectOf(new CancelledError('x', { outcome: 'unknown' }), 'statement', 'caller', 'never', false, false);
    expectOf(
      new ShuttingDownError('x', { outcome: 'not-executed', retryable: true }),
      'connect',
      'shutting-down',
      'never',
      false,
      true,
    );
    expectOf(new ShuttingDownError('x'), 'connect', 'shutting-down', 'never', false, true);
  });

  it('an impossible option is hopeless, and says itself what to change', () => {
    const error = new ConfigurationError('max', 'max must be at least 1');
    expectOf(error, 'connect', 'configuration', 'never', false, false);
    expect(classify(error, 'connect')).to.include({ hopeless: true, advice: 'max must be at least 1' });
    expect(classify(error, 'statement').hopeless).to.equal(false);
  });

  it('an error of a newer copy speaks for itself', () => {
    expectOf(new Any('DB_FUTURE' as ErrorCode, 'not-executed'), 'statement', 'other', 'statement', false, false);
    expectOf(new Any('DB_FUTURE' as ErrorCode, 'rolled-back'), 'statement', 'other', 'never', false, false);
    expectOf(new Any('DB_FUTURE' as ErrorCode, 'unknown'), 'statement', 'other', 'never', false, false);
    expectOf(new Any('DB_FUTURE' as ErrorCode, 'unknown', true), 'statement', 'other', 'idempotent', false, false);
  });
});

describe('classify: all else', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile = new Proxy(new Error('hostile'), {
    get: () => {
      throw new Error('getter');
    },
    has: () => {
      throw new Error('has');
    },
  });
  const throwing = Object.defineProperty(new Error('x'), 'code', {
    get: () => {
      throw new Error('getter');
    },
  });
  const looped = new AggregateError([]);
  looped.errors.push(looped, looped);
  looped.cause = looped;

  const strangers: [name: string, error: unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a string', 'ECONNREFUSED'],
    ['a number', 40001],
    ['a function', () => 'ECONNRESET'],
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null)],
    ['a TypeError', new TypeError('x is not a function')],
    ['an unknown code', failure('ERR_INVALID_ARG_TYPE')],
    ['the name of a method as a code', failure('constructor')],
    ['the name of a method as a message', new Error('toString')],
    ['a message that only resembles one of pg', new Error('Connection terminated unexpectedly, he said')],
    ['errors of a validation', Object.assign(new Error('invalid'), { errors: [failure('ECONNREFUSED')] })],
    ['an AbortError', new DOMException('aborted', 'AbortError')],
    ['a throwing getter', throwing],
    ['a hostile proxy', hostile],
    ['a revoked proxy', revoked.proxy],
    ['an aggregate of itself', looped],
    ['errors that are no array', Object.assign(new AggregateError([]), { errors: 'x' })],
  ];
  for (const [name, error] of strangers) {
    it(`${name} is never retried and counts for nothing`, () => {
      for (const phase of phases) {
        expect(classify(error, phase)).to.deep.equal({
          ...other,
          outcome: phase === 'connect' ? 'not-executed' : 'unknown',
        });
      }
    });
  }
});
