import { expect } from 'chai';
import fc from 'fast-check';
import {
  AcquireTimeoutError,
  CancelledError,
  CommitOutcomeUnknownError,
  ConnectionLostError,
  DeadlineExceededError,
  QueryTimeoutError,
  ShuttingDownError,
} from '../../../lib/index.js';
import { isRead } from '../../../lib/core/sql/is-read.js';
import { mayBeRepeated } from '../../../lib/pool/retrier.js';
import { appendix } from '../errors/appendix-a.js';

const counts = { total: 1, active: 1, idle: 0, connecting: 0, waiting: 0, max: 1 };

/** What a server, a socket, pg or we may say, and whether the statement may have left something behind. */
interface Failure {
  error: Error;
  mayHaveRun: boolean;
}

const fromServer = fc
  .record({
    code: fc.constantFrom(...appendix.map(({ code }) => code)),
    severity: fc.constantFrom('ERROR', 'FEHLER', 'FATAL', 'PANIC', 'unheard of'),
  })
  .map(({ code, severity }): Failure => {
    const refused = ['53300', '57P03', '08001', '08004'].includes(code) || /^(?:28|3D)/.test(code);
    const isUndone = severity === 'ERROR' || severity === 'FEHLER';
    const isDoubtful = code === '08007' || code === '40003';
    return {
      error: Object.assign(new Error('said'), { code, severity }),
      mayHaveRun: isDoubtful || (!isUndone && !refused),
    };
  });

const fromSocket = fc
  .record({
    code: fc.constantFrom('ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE'),
    syscall: fc.constantFrom('connect', 'getaddrinfo', 'read', 'write'),
  })
  .map(({ code, syscall }): Failure => {
    const error = Object.assign(new Error(code), { code, syscall });
    return { error, mayHaveRun: syscall === 'read' || syscall === 'write' };
  });

const ofPg = fc.constantFrom(
  { error: new Error('Connection terminated unexpectedly'), mayHaveRun: true },
  { error: new Error('Query read timeout'), mayHaveRun: true },
  { error: new Error('Client has encountered a connection error and is not queryable'), mayHaveRun: false },
  { error: new Error('timeout exceeded when trying to connect'), mayHaveRun: false },
);

const ours = fc
  .record({
    outcome: fc.constantFrom('not-executed' as const, 'rolled-back' as const, 'unknown' as const),
    make: fc.constantFrom(
      (details: { outcome: 'not-executed' | 'rolled-back' | 'unknown' }) => new ConnectionLostError('lost', details),
      (details: { outcome: 'not-executed' | 'rolled-back' | 'unknown' }) => new QueryTimeoutError(5, details),
      (details: { outcome: 'not-executed' | 'rolled-back' | 'unknown' }) => new DeadlineExceededError(5, details),
      (details: { outcome: 'not-executed' | 'rolled-back' | 'unknown' }) => new CancelledError('left', details),
      (details: { outcome: 'not-executed' | 'rolled-back' | 'unknown' }) => new ShuttingDownError('closed', details),
    ),
  })
  .map(({ outcome, make }): Failure => ({ error: make({ outcome }), mayHaveRun: outcome === 'unknown' }));

const others = fc.constantFrom<Failure>(
  { error: new CommitOutcomeUnknownError('crash'), mayHaveRun: true },
  { error: new Error('whatever'), mayHaveRun: true },
  { error: new TypeError('fetch failed'), mayHaveRun: true },
);

const failures = fc.oneof(fromServer, fromSocket, ofPg, ours, others);

const atomic = [
  'insert into t values (1)',
  'update t set a = 1; update t set a = 2',
  'select pay()',
  'select 1',
  'with x as (delete from t returning *) select * from x',
  'select * from t for update',
  'values (1)',
];
const partial = [
  'call pay()',
  'do $$ begin commit; end $$',
  'insert into t values (1); commit; insert into t values (2)',
  'create index concurrently i on t (a)',
  '/* x */ CALL pay()',
];
const texts = fc.constantFrom(...atomic, ...partial);

describe('what may be repeated', () => {
  it('is nothing that may have run, unless it is declared read-only or idempotent', () => {
    fc.assert(
      fc.property(failures, texts, fc.boolean(), ({ error, mayHaveRun }, text, selects) => {
        const repeated = mayBeRepeated(error, text, {}, selects);
        const isAllowed = !mayHaveRun || (selects && isRead(text));
        expect(repeated && !isAllowed, `${error.message} ${text}`).to.equal(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('is nothing that may have committed a part of itself, even where the server says that it was undone', () => {
    fc.assert(
      fc.property(fromServer, fc.constantFrom(...partial), fc.boolean(), ({ error }, text, selects) => {
        const { code } = error as unknown as { code: string };
        const wasRefused = ['53300', '57P03', '08001', '08004', '08P01'].includes(code);
        expect(mayBeRepeated(error, text, {}, selects) && !wasRefused, `${code} ${text}`).to.equal(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('is never what would fail again, whatever is declared', () => {
    const lasting = appendix.map(({ code }) => code).filter((code) => /^(?:22|23|28|42|44|P0|XX)/.test(code));
    fc.assert(
      fc.property(fc.constantFrom(...lasting), texts, (code, text) => {
        const error = Object.assign(new Error('said'), { code, severity: 'ERROR' });
        expect(mayBeRepeated(error, text, { idempotent: true, readOnly: true }, true), code).to.equal(false);
      }),
    );
  });

  it('is not a wait that took its full time, nor what the caller has given up', () => {
    for (const error of [
      new AcquireTimeoutError('primary', 5, counts),
      new DeadlineExceededError(5, { outcome: 'not-executed' }),
      new CancelledError('left', { outcome: 'not-executed' }),
      new ShuttingDownError('closed'),
    ]) {
      expect(mayBeRepeated(error, 'select 1', { idempotent: true }, true), error.name).to.equal(false);
    }
  });

  const insert = 'insert into t values (1)';
  const sent = (code: string, severity = 'ERROR') => Object.assign(new Error('said'), { code, severity });
  for (const [name, error, text, declared, expected] of [
    ['a refused connection', new ConnectionLostError('refused', { outcome: 'not-executed' }), insert, {}, true],
    ['too many connections', sent('53300', 'FATAL'), insert, {}, true],
    ['a serialization failure', sent('40001'), insert, {}, true],
    ['a deadlock', sent('40P01'), insert, {}, true],
    ['a lock that is taken', sent('55P03'), insert, {}, true],
    ['a lost connection', new ConnectionLostError('lost', { outcome: 'unknown' }), insert, {}, false],
    [
      'one of an idempotent statement',
      new ConnectionLostError('lost', { outcome: 'unknown' }),
      insert,
      { idempotent: true },
      true,
    ],
    [
      'one of a declared read',
      new ConnectionLostError('lost', { outcome: 'unknown' }),
      'select 1',
      { readOnly: true },
      true,
    ],
    ['one of what looks like a read', new ConnectionLostError('lost', { outcome: 'unknown' }), 'select 1', {}, false],
    ['a shutdown in mid-statement', sent('57P01', 'FATAL'), insert, {}, false],
    ['one of an idempotent statement again', sent('57P01', 'FATAL'), insert, { idempotent: true }, true],
    [
      'a time-out that is not confirmed',
      new QueryTimeoutError(5, { outcome: 'unknown' }),
      insert,
      { idempotent: true },
      true,
    ],
    [
      'a time-out that is confirmed',
      new QueryTimeoutError(5, { outcome: 'rolled-back' }),
      insert,
      { idempotent: true },
      false,
    ],
    ['a procedure that may have committed', sent('40001'), 'call pay()', {}, false],
    ['one that is idempotent', sent('40001'), 'call pay()', { idempotent: true }, true],
  ] as const) {
    it(`${name}: ${expected ? 'yes' : 'no'}`, () => {
      expect(mayBeRepeated(error, text, declared, false)).to.equal(expected);
    });
  }
});
