import { expect } from 'chai';
import { CancelledError, ConnectionLostError } from '../../../lib/errors/errors.js';
import {
  MigrationFailedError,
  MigrationLockedError,
  MigrationRefusedError,
} from '../../../lib/errors/migration-errors.js';
import { asFailure } from '../../../lib/migrate/failure.js';
import type { FailedAt } from '../../../lib/migrate/failure.js';
import type { MigrationStatement } from '../../../lib/migrate/statement.js';
import { migrationOf } from './histories.js';

/** An error as pg gives it. */
function serverError(code: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { severity: 'ERROR', code, ...more });
}

function statementOf(text: string, line = 1, column = 1): MigrationStatement {
  return { text, line, column, tag: 'INSERT', node: {} } as unknown as MigrationStatement;
}

describe('asFailure', () => {
  const migration = migrationOf(7);
  const at = (more: Partial<FailedAt> = {}): FailedAt => ({
    step: { migration, direction: 'up', part: migration.up, resumed: undefined },
    statement: statementOf('insert into t values (1)'),
    what: 'INSERT',
    outcome: 'rolled-back',
    advice: 'Mend it',
    ...more,
  });
  const failureOf = (error: unknown, more: Partial<FailedAt> = {}) =>
    asFailure(error, at(more)) as MigrationFailedError;

  it('tells what failed, where, what became of it, and what to do', () => {
    const cause = serverError('23505', 'duplicate key value violates unique constraint "t_pkey"', {
      detail: 'Key (id)=(hidden) already exists.',
    });
    const failure = failureOf(cause, { statement: statementOf('insert …', 4, 3) });
    expect(failure).to.be.instanceOf(MigrationFailedError);
    expect(failure).to.include({
      code: 'DB_MIGRATION_FAILED',
      outcome: 'rolled-back',
      retryable: false,
      version: 7,
      file: '007_m7.sql',
      line: 4,
      column: 3,
      cause,
      message:
        '007_m7.sql:4:3: INSERT failed: duplicate key value violates unique constraint "t_pkey" (23505). Mend it',
    });
  });

  it('has no line where it was no statement of the migration', () => {
    const failure = failureOf(serverError('40001', 'could not serialize', { position: '3' }), {
      statement: undefined,
      what: 'COMMIT',
      outcome: 'unknown',
    });
    expect(failure).to.include({ line: undefined, column: undefined, outcome: 'unknown' });
    expect(failure.message).to.match(/^007_m7\.sql: COMMIT failed: could not serialize \(40001\)/);
  });

  describe('its place, by the position that the server tells', () => {
    const places: Record<string, { text: string; word: string; line: number; column: number; at?: [number, number] }> =
      {
        'the first word': { text: 'wrong', word: 'wrong', line: 1, column: 1 },
        'later in the first line, of a statement that begins further right': {
          text: 'select wrong',
          word: 'wrong',
          at: [3, 11],
          line: 3,
          column: 18,
        },
        'a later line, where the place of the statement in its line counts no more': {
          text: 'select\n  1,\n  wrong',
          word: 'wrong',
          at: [3, 11],
          line: 5,
          column: 3,
        },
        'the beginning of a line': { text: 'select\nwrong', word: 'wrong', line: 2, column: 1 },
        'behind letters of two and three bytes': { text: "select 'äö€', wrong", word: 'wrong', line: 1, column: 15 },
        'behind letters that are two in UTF-16': { text: "select '😀😀', wrong", word: 'wrong', line: 1, column: 14 },
        'behind both, in another line': { text: "select '😀',\n '€😀ü', wrong", word: 'wrong', line: 2, column: 9 },
        'behind a letter and its accent, which are two to the server': {
          text: "select 'e\u0301', wrong",
          word: 'wrong',
          line: 1,
          column: 14,
        },
      };
    for (const [name, { text, word, line, column, at: [ownLine, ownColumn] = [1, 1] }] of Object.entries(places)) {
      it(`is ${name}`, () => {
        const position = String([...text.slice(0, text.indexOf(word))].length + 1);
        const error = serverError('42703', 'column "wrong" does not exist', { position });
        const failure = failureOf(error, { statement: statementOf(text, ownLine, ownColumn) });
        expect(failure).to.include({ line, column });
      });
    }

    for (const position of [undefined, '', '0', '-1', 'x']) {
      it(`is that of the statement where it tells ${JSON.stringify(position)}`, () => {
        const failure = failureOf(serverError('23505', 'x', { position }), { statement: statementOf('a\nb', 5, 2) });
        expect(failure).to.include({ line: 5, column: 2 });
      });
    }
  });

  describe('the words of the server', () => {
    const shown: [code: string, message: string][] = [
      ['23502', 'null value in column "a" of relation "t" violates not-null constraint'],
      ['23514', 'check constraint "c" of relation "t" is violated by some row'],
      ['42P01', 'relation "t" does not exist'],
      ['42P07', 'relation "t" already exists'],
      ['42501', 'permission denied for table t'],
      ['2BP01', 'cannot drop table t because other objects depend on it'],
      ['3F000', 'schema "s" does not exist'],
      ['0A000', 'cannot alter type of a column used by a view or rule'],
      ['25006', 'cannot execute INSERT in a read-only transaction'],
      ['53100', 'could not extend file'],
      ['54000', 'index row size 2720 exceeds btree version 4 maximum 2704'],
      ['55P03', 'canceling statement due to lock timeout'],
      ['57P01', 'terminating connection due to administrator command'],
    ];
    for (const [code, message] of shown) {
      it(`are told for ${code}: ${message}`, () => {
        expect(failureOf(serverError(code, message)).message).to.include(`failed: ${message} (${code}). Mend it`);
      });
    }

    it('for what cannot be in a transaction are followed by how it is run without one', () => {
      const { message } = failureOf(serverError('25001', 'VACUUM cannot run inside a transaction block'));
      expect(message).to.include('transaction block (25001). Put it in a migration of its own, with transaction:false');
    });

    const hidden: Record<string, [code: string, message: string, instead: RegExp, more?: object]> = {
      'a value that is no number': ['22P02', 'invalid input syntax for type integer: "hidden"', /not acceptable/],
      'a value that is no time': ['22007', 'invalid input syntax for type date: "hidden"', /not acceptable/],
      'a value that is too large': ['22003', 'value "hidden" is out of range for type integer', /not acceptable/],
      'what a function raises': ['P0001', 'hidden', /raised an error/],
      'what an ASSERT says': ['P0004', 'hidden', /\(P0004\)/],
      'what a RAISE says in another class': [
        '23505',
        'hidden',
        /constraint was violated/,
        { routine: 'exec_stmt_raise' },
      ],
      'a syntax error': ['42601', 'syntax error at or near "hidden"', /grammar/],
      'a message with quotes': ['42704', "no such thing as 'hidden'", /grammar or the schema/],
      'a message with quotes in a telling class': ['23514', "constraint says 'hidden'", /constraint was violated/],
      'a fault of the server': ['XX000', 'hidden', /fault of its own/],
      'a class that nobody knows': ['ZZ123', 'hidden', /\(ZZ123\)/],
    };
    for (const [name, [code, message, instead, more]] of Object.entries(hidden)) {
      it(`are not told for ${name}, but its code and what it means`, () => {
        const failure = failureOf(
          serverError(code, message, { detail: 'hidden', hint: 'hidden', where: 'hidden', ...more }),
        );
        expect(failure.message).to.not.include('hidden');
        expect(failure.message).to.include(`(${code}). Mend it`).and.match(instead);
      });
    }
  });

  it('says how a statement gets more time', () => {
    const { message } = failureOf(serverError('57014', 'canceling statement due to statement timeout'));
    expect(message).to.match(
      /timeout \(57014\)\. Where it needs longer: statementTimeoutMs \(--statement-timeout\).*SET statement_timeout.*Mend it$/,
    );
  });

  it('takes a lost connection for the failure of the migration', () => {
    const lost = new ConnectionLostError('The server fell silent', { outcome: 'unknown' });
    const failure = failureOf(lost, { outcome: 'unknown' });
    expect(failure).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'unknown', cause: lost });
    expect(failure.message).to.include('INSERT failed: The server fell silent. Mend it');
  });

  it('leaves other errors of ours as they are', () => {
    for (const error of [
      new CancelledError('The migration was interrupted', { outcome: 'rolled-back' }),
      new MigrationRefusedError('history', 'no'),
      new MigrationLockedError('no', 1),
    ]) {
      expect(asFailure(error, at())).to.equal(error);
    }
  });
});
