import { expect } from 'chai';
import fc from 'fast-check';
import type { MigrationRefusedError } from '../../../lib/errors/migration-errors.js';
import type { MigrationPart } from '../../../lib/migrate/migration.js';
import type { MigrationStatement } from '../../../lib/migrate/statement.js';
import { readStatements } from '../../../lib/migrate/statements.js';
import { refusalOf } from './refusal.js';

function read(text: string, given: Partial<MigrationPart> = {}): Promise<MigrationStatement[]> {
  return readStatements({
    file: '001_a.sql',
    text,
    firstLine: 1,
    checksum: '',
    transaction: true,
    idempotent: false,
    ...given,
  });
}

function refused(text: string, given: Partial<MigrationPart> = {}): Promise<MigrationRefusedError> {
  return refusalOf(read(text, given));
}

describe('readStatements', () => {
  it('gives each statement from its first word to its last, with its place in the file', async () => {
    const text = "-- ü😀\n\n  /* ä */ SELECT 'ü😀' ; SELECT 2;\n;;\nUPDATE t SET a = 1 -- end";
    const statements = await read(text, { firstLine: 7 });
    expect(statements.map(({ text: each, line, column }) => ({ text: each, line, column }))).to.deep.equal([
      { text: "SELECT 'ü😀'", line: 9, column: 11 },
      { text: 'SELECT 2', line: 9, column: 25 },
      { text: 'UPDATE t SET a = 1', line: 11, column: 1 },
    ]);
    expect(statements.map(({ node }) => Object.keys(node))).to.deep.equal([
      ['SelectStmt'],
      ['SelectStmt'],
      ['UpdateStmt'],
    ]);
  });

  it('loses nothing, whatever the statements and what is between them', async () => {
    const pool = [
      "INSERT INTO t VALUES ('; ü', E'\\';', \"ä;\".b)",
      'DO $$ BEGIN PERFORM 1; -- $\n END $$',
      'DO $ü$ BEGIN NULL; /* $$ */ END $ü$',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END',
      'CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))',
      'CREATE TABLE "größe😀" (\n  a int, -- ;\n  b text DEFAULT \'😀\'\n)',
      'WITH a AS (SELECT 1) SELECT * FROM a',
      '(SELECT 1)',
      'SELECT 1 /* ; */ + 2',
    ];
    const between = fc.array(fc.constantFrom(' ', '\n', '\t', '-- ä; 😀\n', '/* ö; /* 😀 */ */', ';'), {
      maxLength: 6,
    });
    const script = fc.array(fc.record({ before: between, statement: fc.constantFrom(...pool) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(script, between, fc.nat(50), async (parts, after, firstLine) => {
        let text = '';
        const expected = parts.map(({ before, statement }, index) => {
          text += (index === 0 ? '' : index % 2 === 0 ? ';' : ' \n;') + before.join('');
          const lines = text.split('\n');
          const place = { line: firstLine + lines.length - 1, column: [...(lines.at(-1) ?? '')].length + 1 };
          text += statement;
          return { text: statement, ...place };
        });
        text += after.join('');
        const found = await read(text, { firstLine });
        expect(found.map(({ text: each, line, column }) => ({ text: each, line, column }))).to.deep.equal(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('tells what each is, by keywords alone', async () => {
    const tags: Readonly<Record<string, string>> = {
      'create table geheim (a int)': 'CREATE TABLE',
      'CREATE TABLE IF NOT EXISTS role (a int)': 'CREATE TABLE',
      'create temp table geheim ()': 'CREATE TEMP TABLE',
      'create /* geheim */ unique index on t (a)': 'CREATE UNIQUE INDEX',
      'create index concurrently geheim on t (a)': 'CREATE INDEX CONCURRENTLY',
      'create unique index concurrently geheim on t (a)': 'CREATE UNIQUE INDEX CONCURRENTLY',
      'drop index concurrently geheim': 'DROP INDEX CONCURRENTLY',
      'drop table "index"': 'DROP TABLE',
      'alter table type add column b int': 'ALTER TABLE',
      "alter type t add value 'geheim'": 'ALTER TYPE',
      'create or replace view v as select 1': 'CREATE OR REPLACE VIEW',
      'create materialized view geheim as select 1': 'CREATE MATERIALIZED VIEW',
      'refresh materialized view concurrently geheim': 'REFRESH MATERIALIZED VIEW CONCURRENTLY',
      'reindex table concurrently geheim': 'REINDEX TABLE CONCURRENTLY',
      "create or replace function f() returns int language sql as 'select 1'": 'CREATE OR REPLACE FUNCTION',
      'create trigger geheim before insert on t for each row execute function f()': 'CREATE TRIGGER',
      "create user geheim password 'geheim'": 'CREATE USER',
      'create user mapping for geheim server s': 'CREATE USER MAPPING',
      'alter default privileges grant select on tables to geheim': 'ALTER DEFAULT PRIVILEGES',
      'drop owned by geheim': 'DROP OWNED',
      "comment on table t is 'geheim'": 'COMMENT',
      'insert into geheim values (1)': 'INSERT',
      'with a as (select 1) insert into t select * from a': 'INSERT',
      '(select 1)': 'SELECT',
      'do $$begin end$$': 'DO',
      'set lock_timeout = 1': 'SET',
      'grant select on geheim to geheim': 'GRANT',
    };
    const statements = await read(Object.keys(tags).join(';\n'), { transaction: false });
    expect(statements.map(({ tag }) => tag)).to.deep.equal(Object.values(tags));
  });

  describe('refuses as empty', () => {
    it('a part without a statement', async () => {
      for (const text of ['', ' \n', '-- x', '/* x */ ;;']) {
        expect(await refused(text, { firstLine: 3 })).to.include({ reason: 'empty', file: '001_a.sql', line: 3 });
      }
    });
  });

  describe('refuses as syntax', () => {
    it('what PostgreSQL does not read, with the line and the column in the file', async () => {
      const error = await refused("SELECT 'ü😀';\n-- ä😀\nSELECT '😀ä', select;", { firstLine: 5 });
      expect(error).to.include({ reason: 'syntax', file: '001_a.sql', line: 7, column: 14 });
      expect(error.message).to.match(/^001_a\.sql:7:14: syntax error at or near "select"\./);
    });

    it('with the place and the message of the parser', async () => {
      const cases: Readonly<Record<string, [string, number]>> = {
        'CREATE TABLE a (b int': ['syntax error at end of input', 22],
        'SELECT (1;': ['syntax error at or near ";"', 10],
        'SELECT 1 >> ;': ['syntax error at or near ";"', 13],
        'SELECT from where': ['syntax error at or near "where"', 13],
        'CREATE VIEW v AS TABLE t ORDER =>': ['syntax error at or near "=>"', 32],
        "SELECT U&'\\00g'": ['invalid Unicode escape', 11],
      };
      for (const [text, [message, column]] of Object.entries(cases)) {
        const error = await refused(text);
        expect(error.message, text).to.include(`: ${message}.`);
        expect(error, text).to.include({ line: 1, column });
      }
    });

    it('but tells nothing that may be a value', async () => {
      for (const text of [
        "SELECT 1 'geheim'",
        "SELECT 'geheim",
        'SELECT $geheim$ geheim',
        'SELECT "geheim',
        '/* geheim',
        "CREATE ROLE x PASSWORD 'it's geheim'",
        "CREATE ROLE x PASSWORD ''geheim''",
        'INSERT INTO t VALUES (1 4711)',
        'SELECT 4711geheim',
        'CREATE ROLE x geheim',
        'GRANT SELECT ON a.b.c.geheim.x TO y',
        'SELECT 1 geheimü ä',
        'SELECT 1 a geheim',
      ]) {
        const error = await refused(text);
        expect(error.reason).to.equal('syntax');
        expect(error.message, text).to.match(/^001_a\.sql:1:\d+: /);
        expect(error.message, text).to.not.match(/geheim|4711/);
        expect(JSON.stringify(error) + String(error.stack), text).to.not.match(/geheim|4711/);
        expect(error.cause, text).to.equal(undefined);
      }
    });
  });

  it('refuses what its parser has no room for, and can be used after that', async () => {
    const error = await refused(`SELECT 1;\nSELECT ${'1+'.repeat(100_000)}1`);
    expect(error).to.include({ reason: 'syntax', file: '001_a.sql', line: 1 });
    expect(error.message).to.contain('too large');
    expect(await read('SELECT 1')).to.have.length(1);
  });

  describe('refuses as transaction-control', () => {
    for (const text of [
      'BEGIN',
      'START TRANSACTION',
      'COMMIT',
      'END',
      'ROLLBACK',
      'ABORT',
      "PREPARE TRANSACTION 'x'",
      'DISCARD ALL',
      'SELECT PG_advisory_unlock_all()',
    ]) {
      it(text, async () => {
        for (const transaction of [true, false]) {
          const error = await refused(`SELECT 1;\n ${text};`, { transaction });
          expect(error).to.include({ reason: 'transaction-control', line: 2, column: 2 });
          expect(error.message).to.include('Delete');
        }
      });
    }

    it('but not the name of that function in a value or a comment', async () => {
      expect(await read("/* pg_advisory_unlock_all */ SELECT 'pg_advisory_unlock_all()'")).to.have.length(1);
    });

    it('but not savepoints, where there is a transaction', async () => {
      const text = 'SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMENT ON TABLE t IS NULL';
      expect(await read(text)).to.have.length(4);
      expect(await refused(text, { transaction: false })).to.have.property('reason', 'transaction-control');
    });

    it('but not the words within a body', async () => {
      expect(await read('DO $$ BEGIN COMMIT; END $$; CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END')).to.have.length(
        2,
      );
    });
  });

  describe('refuses as needs-no-transaction', () => {
    const alone = [
      'CREATE INDEX CONCURRENTLY i ON t (a)',
      'DROP INDEX CONCURRENTLY i',
      'REINDEX INDEX CONCURRENTLY i',
      'REINDEX (CONCURRENTLY) TABLE t',
      'REINDEX (VERBOSE, CONCURRENTLY true) TABLE t',
      'REINDEX DATABASE d',
      'REINDEX SCHEMA s',
      'REINDEX SYSTEM d',
      'VACUUM',
      'VACUUM ANALYZE t',
      'CLUSTER',
      'CREATE DATABASE d',
      'DROP DATABASE d',
      'ALTER DATABASE d SET TABLESPACE s',
      "CREATE TABLESPACE s LOCATION '/s'",
      'DROP TABLESPACE s',
      "ALTER SYSTEM SET work_mem = '1MB'",
      'ALTER TABLE t DETACH PARTITION p CONCURRENTLY',
      "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
      'ALTER SUBSCRIPTION s REFRESH PUBLICATION',
    ];
    for (const text of alone) {
      it(text, async () => {
        const error = await refused(`SELECT 1;\n  ${text}`);
        expect(error).to.include({ reason: 'needs-no-transaction', line: 2, column: 3 });
        expect(error.message).to.include('-- migrate:up transaction:false');
        expect(await read(text, { transaction: false })).to.have.length(1);
      });
    }

    it('but not what can be in one', async () => {
      const text = [
        'CREATE INDEX i ON t (a)',
        'DROP INDEX i',
        'REINDEX TABLE t',
        'REINDEX (CONCURRENTLY off) TABLE t',
        'ANALYZE t',
        'CLUSTER t USING i',
        'ALTER DATABASE d SET work_mem = 1',
        'ALTER DATABASE d CONNECTION LIMIT 5',
        'ALTER TABLE t DETACH PARTITION p',
        'ALTER TABLE t DETACH PARTITION p FINALIZE',
        "ALTER TYPE e ADD VALUE 'x'",
        'REFRESH MATERIALIZED VIEW CONCURRENTLY v',
        "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
        "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = 0)",
        'DISCARD PLANS',
      ];
      expect(await read(text.join(';'))).to.have.length(text.length);
    });
  });

  describe('refuses as copy-from-stdin', () => {
    it('with and without the data behind it, at the COPY', async () => {
      for (const text of [
        'SELECT 1;\n COPY t FROM STDIN',
        'SELECT 1;\n COPY public.t (a, "b") FROM stdin;\n1\tgeheim\n\\.\n',
        "SELECT 1;\n copy t from stdin with (format csv);\nit's,geheim\n\\.\nSELECT 2;",
        'SELECT 1;\n COPY t FROM stdin;\n\\.\n',
        'SELECT 1;\n COPY t FROM stdin;\nselect;\n\\.\n',
      ]) {
        const error = await refused(text);
        expect(error, text).to.include({ reason: 'copy-from-stdin', line: 2, column: 2 });
        expect(error.message).to.include('INSERT').and.to.not.include('geheim');
      }
    });

    it('but not other COPYs, nor an error elsewhere', async () => {
      expect(await read("COPY t FROM '/f'; COPY t TO STDOUT; COPY t FROM PROGRAM 'x'")).to.have.length(3);
      expect(await refused('COPY t FROM STDIN +; SELECT 1')).to.have.property('reason', 'syntax');
    });
  });

  describe('refuses as psql-command', () => {
    it('a command in its line, or behind a statement', async () => {
      for (const [text, line, column] of [
        ['\\restrict geheim\nSELECT 1', 1, 1],
        ['SELECT 1;\n  \\connect geheim', 2, 3],
        ['SELECT 1 \\gset', 1, 10],
      ] as const) {
        const error = await refused(text);
        expect(error).to.include({ reason: 'psql-command', line, column });
        expect(error.message).to.include('psql').and.to.not.include('geheim');
      }
    });

    it('but not a backslash in a string', async () => {
      expect(await read("SELECT '\n\\d', $$\n\\d$$")).to.have.length(1);
    });
  });
});
