import type { MigrationFiles } from '../../support/migrations.js';

/** Files that are added to a folder whose first two migrations are applied, and what has to be said of them. */
export interface Refused {
  readonly files: MigrationFiles;
  readonly expected: Readonly<Partial<Record<'reason' | 'file' | 'version' | 'line' | 'column', string | number>>>;
  /** What the message has to say. */
  readonly says?: RegExp;
}

export const refusedFiles: Readonly<Record<string, Refused>> = {
  'two files of one version': {
    files: { '002_other.sql': 'select 1;' },
    expected: { reason: 'duplicate-version', version: 2 },
    says: /002_other\.sql|002_second\.sql/,
  },
  'two files of one version, written in another way': {
    files: { '0002_other.sql': 'select 1;' },
    expected: { reason: 'duplicate-version' },
  },
  'a version that is missing between others': {
    files: { '004_fourth.sql': 'select 1;' },
    expected: { reason: 'gap' },
    says: /3/,
  },
  'a name without a version': {
    files: { 'third.sql': 'select 1;' },
    expected: { reason: 'file-name', file: 'third.sql' },
  },
  'a way down without a way up': {
    files: { '003_third.down.sql': 'select 1;' },
    expected: {},
    says: /003_third/,
  },
  'bytes that are no UTF-8': {
    files: { '003_third.sql': Buffer.from("select '\xe4';", 'latin1') },
    expected: { reason: 'encoding', file: '003_third.sql' },
  },
  'a file of UTF-16': {
    files: { '003_third.sql': Buffer.from('\ufeffselect 1;', 'utf16le') },
    expected: { reason: 'encoding', file: '003_third.sql' },
  },
  'an empty file': {
    files: { '003_third.sql': '' },
    expected: { reason: 'empty', file: '003_third.sql' },
  },
  'a file of comments alone': {
    files: { '003_third.sql': '-- nothing yet\n/* nothing */\n;;\n' },
    expected: { reason: 'empty', file: '003_third.sql' },
  },
  'a marker that is not known': {
    files: { '003_third.sql': '-- migrate:upp\nselect 1;' },
    expected: { reason: 'markers', file: '003_third.sql', line: 1 },
  },
  'an option that is not known': {
    files: { '003_third.sql': '-- migrate:up transactional:false\nselect 1;' },
    expected: { reason: 'markers', file: '003_third.sql', line: 1 },
  },
  'two ways up': {
    files: { '003_third.sql': '-- migrate:up\nselect 1;\n-- migrate:up\nselect 2;' },
    expected: { reason: 'markers', file: '003_third.sql', line: 3 },
  },
  'SQL before the first marker': {
    files: { '003_third.sql': 'create table lost (id int);\n-- migrate:up\nselect 1;' },
    expected: { reason: 'markers', file: '003_third.sql' },
  },
  'a syntax error': {
    files: { '003_third.sql': '-- migrate:up\ncreate table third (id int);\n\n  create tabel wrong (id int);\n' },
    expected: { reason: 'syntax', file: '003_third.sql', line: 4, column: 10 },
  },
  'a syntax error behind letters of several bytes': {
    files: { '003_third.sql': "select 'äöü€😀';\nselect 'ä€😀', frm from from t;\n" },
    expected: { reason: 'syntax', file: '003_third.sql', line: 2, column: 24 },
  },
  'a quote that does not end': {
    files: { '003_third.sql': "select 1;\nselect 'open;\nselect 2;\n" },
    expected: { reason: 'syntax', file: '003_third.sql', line: 2, column: 8 },
  },
  'a comment that does not end': {
    files: { '003_third.sql': 'select 1;\n/* open\nselect 2;\n' },
    expected: { reason: 'syntax', file: '003_third.sql' },
  },
  'a syntax error in the way down': {
    files: { '003_third.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n dorp table x;\n' },
    expected: { reason: 'syntax', file: '003_third.sql', line: 5, column: 2 },
  },
  'a COMMIT': {
    files: { '003_third.sql': 'create table third (id int);\n  commit;\nselect 1 / 0;\n' },
    expected: { reason: 'transaction-control', file: '003_third.sql', line: 2, column: 3 },
  },
  'a BEGIN in capitals between comments': {
    files: { '003_third.sql': '/* a */ BEGIN /* b */;\nselect 1;\n' },
    expected: { reason: 'transaction-control', file: '003_third.sql', line: 1, column: 9 },
  },
  'END, which is COMMIT': {
    files: { '003_third.sql': 'select 1; end;' },
    expected: { reason: 'transaction-control', line: 1, column: 11 },
  },
  'a ROLLBACK': {
    files: { '003_third.sql': 'select 1;\nrollback;' },
    expected: { reason: 'transaction-control', line: 2 },
  },
  'PREPARE TRANSACTION': {
    files: { '003_third.sql': "select 1;\nprepare transaction 'x';" },
    expected: { reason: 'transaction-control', line: 2 },
  },
  'a COMMIT without a transaction': {
    files: { '003_third.sql': '-- migrate:up transaction:false\nselect 1;\ncommit;\n' },
    expected: { reason: 'transaction-control', line: 3 },
  },
  'an index made concurrently in a transaction': {
    files: { '003_third.sql': 'select 1;\ncreate index concurrently i on first (id);' },
    expected: { reason: 'needs-no-transaction', line: 2 },
    says: /transaction:false/,
  },
  'VACUUM in a transaction': {
    files: { '003_third.sql': 'vacuum first;' },
    expected: { reason: 'needs-no-transaction', line: 1 },
    says: /transaction:false/,
  },
  'a command of psql': {
    files: { '003_third.sql': 'select 1;\n\\i other.sql\nselect 2;\n' },
    expected: { reason: 'psql-command', file: '003_third.sql', line: 2 },
  },
  'a command of psql at the very beginning': {
    files: { '003_third.sql': '\\set ON_ERROR_STOP on\nselect 2;\n' },
    expected: { reason: 'psql-command', line: 1, column: 1 },
  },
  'COPY FROM STDIN with its rows': {
    files: { '003_third.sql': 'select 1;\ncopy first (id) from stdin;\n1\n2\n\\.\n\nselect 2;\n' },
    expected: { reason: 'copy-from-stdin', file: '003_third.sql', line: 2 },
  },
  'COPY FROM STDIN without rows': {
    files: { '003_third.sql': 'copy first from stdin with (format csv);\n' },
    expected: { reason: 'copy-from-stdin', line: 1 },
  },
};
