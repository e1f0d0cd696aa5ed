import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { MigrationRefusedError } from '../../../lib/errors/migration-errors.js';
import { readMigrations } from '../../../lib/migrate/files.js';
import type { Migration } from '../../../lib/migrate/migration.js';
import { refusalOf } from './refusal.js';
import { withFolder, writeFiles } from './temporary-folder.js';

type Files = Readonly<Record<string, string | Buffer>>;

function read(files: Files): Promise<Migration[]> {
  return withFolder(async (folder) => {
    await writeFiles(folder, files);
    return readMigrations(folder);
  });
}

function refused(files: Files): Promise<MigrationRefusedError> {
  return refusalOf(read(files));
}

async function only(content: string | Buffer): Promise<Migration> {
  const [migration] = await read({ '001_a.sql': content });
  return migration!;
}

/** Root may read everything. */
async function asOrdinaryUser<T>(run: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    return await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const both = '-- migrate:up\nCREATE TABLE a ();\n\n-- migrate:down\nDROP TABLE a;\n';

describe('readMigrations', () => {
  it('gives the migrations in the order of their versions', async () => {
    const migrations = await read({
      '2_b.sql': 'SELECT 2',
      '10_j-J_9.sql': 'SELECT 10',
      ...counted(1, 3, 4, 5, 6, 7, 8, 9),
    });
    expect(migrations.map(({ version }) => version)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(migrations[9]).to.include({ label: '10', name: 'j-J_9', down: undefined });
    expect(migrations[0]).to.include({ label: '001', name: 'x' });
  });

  it('gives nothing for an empty folder, and leaves out what is hidden, no SQL, or a folder', async () => {
    const migrations = await withFolder(async (folder) => {
      await writeFiles(folder, { '.hidden.sql': 'x', 'README.md': 'x', '001_a.sql~': 'x', '002_b.sql.bak': 'x' });
      await mkdir(join(folder, '003_old'));
      return readMigrations(folder);
    });
    expect(migrations).to.deep.equal([]);
  });

  it('divides a file at its markers', async () => {
    const { up, down } = await only(`-- A table.\n\n${both}`);
    expect(up).to.include({ file: '001_a.sql', text: 'CREATE TABLE a ();\n\n', firstLine: 4 });
    expect(down).to.include({ file: '001_a.sql', text: 'DROP TABLE a;\n', firstLine: 7 });
    expect(up).to.include({ transaction: true, idempotent: false });
  });

  it('takes a file without markers for the way up', async () => {
    const { up, down } = await only('\nSELECT 1;\n');
    expect(up).to.include({ text: '\nSELECT 1;\n', firstLine: 1, transaction: true, idempotent: false });
    expect(down).to.equal(undefined);
  });

  it('reads the options of each marker', async () => {
    const { up, down } = await only(
      '-- migrate:up transaction:false idempotent:true\nSELECT 1;\n--migrate:down  transaction:true \nSELECT 2;',
    );
    expect(up).to.include({ transaction: false, idempotent: true });
    expect(down).to.include({ transaction: true, idempotent: false });
    expect((await only('-- migrate:up\nSELECT 1;\n-- migrate:down transaction:false\nSELECT 2;')).down).to.include({
      transaction: false,
    });
  });

  it('joins a pair, whose first line may tell options', async () => {
    const [migration] = await read({
      '001_a.up.sql': '-- migrate:up transaction:false\nCREATE TABLE a ();',
      '001_a.down.sql': 'DROP TABLE a;',
    });
    expect(migration?.up).to.include({
      file: '001_a.up.sql',
      text: 'CREATE TABLE a ();',
      firstLine: 2,
      transaction: false,
    });
    expect(migration?.down).to.include({
      file: '001_a.down.sql',
      text: 'DROP TABLE a;',
      firstLine: 1,
      transaction: true,
    });
  });

  it('knows no way down where its part or file holds comments only', async () => {
    expect((await only('-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing;\n/* ; */ ;')).down).to.equal(undefined);
    const [pair] = await read({ '001_a.up.sql': 'SELECT 1', '001_a.down.sql': '-- migrate:down\n' });
    expect(pair?.down).to.equal(undefined);
  });

  describe('checksum', () => {
    it('is the SHA-256 of the text without white space at its ends', async () => {
      const { up } = await only('\n SELECT 1;\n\n');
      // printf 'SELECT 1;' | sha256sum
      expect(up.checksum).to.equal('17db4fd369edb9244b9f91d9aeed145c3d04ad8ba6e95d06247f07a63527d11a');
    });

    it('is the same for LF, CRLF, CR and a BOM, in one file and in a pair', async () => {
      const text = '-- migrate:up\nCREATE TABLE ä (\n);\n\n-- migrate:down\nDROP TABLE ä;\n';
      const { up, down } = await only(text);
      const others = [text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r'), `\ufeff${text}`].map(only);
      const pair = read({ '001_a.up.sql': 'CREATE TABLE ä (\r\n);', '001_a.down.sql': '\ufeffDROP TABLE ä;\n\n' });
      for (const other of [...(await Promise.all(others)), ...(await pair)]) {
        expect(other.up.checksum).to.equal(up.checksum);
        expect(other.down?.checksum).to.equal(down?.checksum);
      }
      expect((await only(`\ufeff${text.replaceAll('\n', '\r\n')}`)).up).to.deep.equal(up);
    });

    it('is another for another text, be it a blank within', async () => {
      expect((await only('SELECT  1;')).up.checksum).to.not.equal((await only('SELECT 1;')).up.checksum);
    });
  });

  describe('refuses as directory', () => {
    it('a missing folder, with its absolute path and what names it', async () => {
      const error = await refusalOf(readMigrations('there/is/none'));
      expect(error).to.include({ reason: 'directory', code: 'DB_MIGRATION_REFUSED', file: undefined });
      expect(error.message).to.include(join(process.cwd(), 'there/is/none, does not exist'));
      expect(error.message).to.include('schema.directory').and.to.include('--dir');
      expect(error.cause).to.have.property('code', 'ENOENT');
    });

    it('a file', async () => {
      const error = await withFolder(async (folder) => {
        await writeFiles(folder, { file: '' });
        return refusalOf(readMigrations(join(folder, 'file')));
      });
      expect(error.reason).to.equal('directory');
      expect(error.message).to.match(/\/file, is not a folder\./);
    });

    it('a folder that must not be listed', async () => {
      const error = await withFolder(async (folder) => {
        await chmod(folder, 0o300);
        return asOrdinaryUser(() => refusalOf(readMigrations(folder)));
      });
      expect(error.reason).to.equal('directory');
      expect(error.message).to.include('cannot be read (EACCES)');
    });
  });

  describe('refuses as file-unreadable', () => {
    it('a file without the right to read it', async () => {
      const error = await withFolder(async (folder) => {
        await writeFiles(folder, { '001_a.sql': 'SELECT 1' });
        await chmod(join(folder, '001_a.sql'), 0);
        return asOrdinaryUser(() => refusalOf(readMigrations(folder)));
      });
      expect(error).to.include({ reason: 'file-unreadable', file: '001_a.sql' });
      expect(error.message).to.match(/^001_a\.sql: .*\(EACCES\).*right/);
    });

    it('a link to nowhere', async () => {
      const error = await withFolder(async (folder) => {
        await symlink('nowhere', join(folder, '001_a.sql'));
        return refusalOf(readMigrations(folder));
      });
      expect(error).to.include({ reason: 'file-unreadable', file: '001_a.sql' });
      expect(error.message).to.include('ENOENT').and.to.include('points to a file that does not exist');
    });

    it('a folder or a pipe with the name of a migration', async () => {
      for (const make of [
        (path: string) => mkdir(path),
        async (path: string) => {
          execFileSync('mkfifo', [path]);
        },
      ]) {
        const error = await withFolder(async (folder) => {
          await make(join(folder, '001_a.sql'));
          return refusalOf(readMigrations(folder));
        });
        expect(error).to.include({ reason: 'file-unreadable', file: '001_a.sql' });
        expect(error.message).to.include('is not a file');
      }
    });
  });

  describe('refuses as file-name', () => {
    for (const file of [
      'a.sql',
      '1a.sql',
      '001.sql',
      '001_.sql',
      '001_ä.sql',
      '001_a b.sql',
      '001_a.SQL',
      '001_a.do.sql',
    ]) {
      it(file, async () => {
        const error = await refused({ [file]: 'SELECT 1' });
        expect(error).to.include({ reason: 'file-name', file });
        expect(error.message).to.include('001_name.sql').and.to.include('001_name.down.sql');
        expect(error.message).to.not.include('Flyway');
      });
    }

    it('a version of more than 15 digits', async () => {
      expect(await refused({ [`${'1'.repeat(16)}_a.sql`]: '' })).to.have.property('reason', 'file-name');
      expect(await read({ '999999999999999_a.sql': 'SELECT 1' })).to.have.nested.property(
        '[0].version',
        999_999_999_999_999,
      );
    });

    it('version 0, which is the database before the first', async () => {
      for (const file of ['000_a.sql', '0_a.up.sql']) {
        expect(await refused({ [file]: 'SELECT 1' })).to.include({ reason: 'file-name', file });
      }
    });

    it("Flyway's names, with what to call them", async () => {
      expect((await refused({ 'V001__add_users.sql': '' })).message).to.match(
        /Flyway's form: rename it to 001_add_users\.sql\.$/,
      );
      for (const file of ['V1.2__a.sql', 'R__views.sql'])
        expect((await refused({ [file]: '' })).message).to.include('Flyway');
    });

    it('a way down without its way up', async () => {
      for (const files of [
        { '001_a.down.sql': 'x' },
        { '001_a.sql': 'x', '001_a.down.sql': 'x' },
        { '001_b.up.sql': 'x', '001_a.down.sql': 'x' },
        { '1_a.up.sql': 'x', '001_a.down.sql': 'x' },
      ]) {
        const error = await refused(files);
        expect(error).to.include({ reason: 'file-name', file: '001_a.down.sql', version: 1 });
        expect(error.message).to.include('there is no 001_a.up.sql');
      }
    });
  });

  describe('refuses as encoding', () => {
    it('text that is not UTF-8, with the line', async () => {
      const error = await refused({ '001_a.sql': Buffer.from("-- ok\nSELECT 1;\nSELECT '\xe4';\n", 'latin1') });
      expect(error).to.include({ reason: 'encoding', file: '001_a.sql', line: 3 });
      const last = await refused({ '001_a.sql': Buffer.from('SELECT 1;\n-- \xe4', 'latin1') });
      expect(last.line).to.equal(2);
    });

    it('a NUL byte, with the line', async () => {
      const error = await refused({ '001_a.sql': 'SELECT 1;\nSELECT \0;\n\n' });
      expect(error).to.include({ reason: 'encoding', line: 2 });
      expect(error.message).to.include('NUL');
    });

    it('UTF-16 of either order', async () => {
      const text = Buffer.from('\ufeffSELECT 1;', 'utf16le');
      for (const bytes of [text, Buffer.from(text).swap16()]) {
        const error = await refused({ '001_a.sql': bytes });
        expect(error.reason).to.equal('encoding');
        expect(error.message).to.include('UTF-16. Save it in UTF-8');
      }
    });
  });

  describe('refuses as markers', () => {
    const cases: Readonly<Record<string, { text: string; line: number; says: RegExp }>> = {
      'down before up': { text: '-- migrate:down\nx\n-- migrate:up\nx', line: 1, says: /without migrate:up before/ },
      'down alone': { text: '-- migrate:down\nx', line: 1, says: /without migrate:up before/ },
      'up twice': {
        text: '-- migrate:up\nx\n\n-- migrate:up\nx',
        line: 4,
        says: /up is there a second time, after line 1/,
      },
      'down twice': { text: `${both}-- migrate:down`, line: 6, says: /down is there a second time, after line 4/ },
      'an unknown marker': { text: '-- migrate:geheim\nx', line: 1, says: /Accepted are "-- migrate:up"/ },
      'an unknown option': { text: '-- migrate:up geheim:true\nx', line: 1, says: /transaction:false/ },
      'an unknown value': { text: '-- migrate:up transaction:geheim\nx', line: 1, says: /transaction:false/ },
      'an option twice': { text: '-- migrate:up transaction:true transaction:false\nx', line: 1, says: /once/ },
      'text behind a marker': { text: '-- migrate:up; SELECT geheim\nx', line: 1, says: /line of their own/ },
      'a marker behind a statement': { text: 'SELECT 1; -- migrate:down\nx', line: 1, says: /line of their own/ },
      'a marker in capitals': { text: '-- MIGRATE:UP\nx', line: 1, says: /Accepted are/ },
      'SQL before up': { text: '-- c\n/* c */\nSELECT 1;\n-- migrate:up\nx', line: 3, says: /only comments may stand/ },
      'a marker in a string': { text: "SELECT '\n-- migrate:down\n';", line: 2, says: /in a string/ },
      'a marker in a body': { text: 'DO $$\n-- migrate:down\n$$', line: 2, says: /in a string or/ },
      'a marker in a comment': { text: 'SELECT 1; /*\n-- migrate:down\nx */', line: 2, says: /in a comment/ },
      'those of goose': { text: '-- +goose Up\nx\n-- +goose Down\nx', line: 1, says: /another tool/ },
      'those of sql-migrate': { text: '\n-- +migrate Up\nx', line: 2, says: /another tool/ },
      'those of node-pg-migrate': { text: '-- Up Migration\nx\n-- Down Migration\nx', line: 1, says: /another tool/ },
    };
    for (const [name, { text, line, says }] of Object.entries(cases)) {
      it(name, async () => {
        const error = await refused({ '001_a.sql': text });
        expect(error).to.include({ reason: 'markers', file: '001_a.sql', line });
        expect(error.message).to.match(says).and.to.not.include('geheim');
      });
    }

    it('those of the other way in a pair', async () => {
      const up = await refused({ '001_a.up.sql': 'SELECT 1;\n-- migrate:down\nSELECT 2;' });
      expect(up).to.include({ reason: 'markers', file: '001_a.up.sql', line: 2 });
      const down = await refused({ '001_a.up.sql': 'SELECT 1;', '001_a.down.sql': '-- migrate:up\nSELECT 2;' });
      expect(down).to.include({ reason: 'markers', file: '001_a.down.sql', line: 1 });
      expect(down.message).to.include('all down by its name');
    });

    it('but not what only mentions one', async () => {
      const text = "-- see -- migrate:down\n-- migrate: moves rows\nSELECT 'x -- migrate:down'; -- -- migrate:up\n";
      expect(await only(text)).to.have.nested.property('up.text', text);
    });
  });

  describe('refuses as duplicate-version', () => {
    it('two files of one version, and names both', async () => {
      for (const [first, second] of [
        ['001_a.sql', '001_b.sql'],
        ['001_a.sql', '1_a.sql'],
        ['001_a.sql', '001_a.up.sql'],
        ['001_a.up.sql', '1_b.up.sql'],
      ] as const) {
        const error = await refused({ [first]: 'x', [second]: 'x' });
        expect(error).to.include({ reason: 'duplicate-version', version: 1 });
        expect(error.message).to.include(first).and.to.include(second);
      }
    });
  });

  describe('refuses as gap', () => {
    it('a missing version, with the files around it', async () => {
      const error = await refused(counted(1, 2, 4, 6));
      expect(error).to.include({ reason: 'gap', version: 3, file: '004_x.sql' });
      expect(error.message).to.include('version 003 is missing between 002_x.sql and 004_x.sql');
    });

    it('a first version that is not 1', async () => {
      const error = await refused(counted(2, 3));
      expect(error).to.include({ reason: 'gap', version: 1 });
      expect(error.message).to.include('version 001 is missing before 002_x.sql');
    });

    it('but none between timestamps, nor before them', async () => {
      const files = { '20240101_a.sql': 'x', '20240105_b.sql': 'x', '20240105103000_c.sql': 'x' };
      expect(await read(files)).to.have.length(3);
      expect(await read({ ...counted(1, 2), ...files })).to.have.length(5);
      expect(await refused({ '2024010_a.sql': 'x' })).to.have.property('reason', 'gap');
    });
  });

  describe('refuses as empty', () => {
    it('a way up of comments only', async () => {
      for (const text of ['', ' \n', '-- x\n/* y; */\n;', '-- migrate:up\n\n-- migrate:down\nDROP TABLE a;']) {
        expect(await refused({ '001_a.sql': text })).to.include({ reason: 'empty', file: '001_a.sql', version: 1 });
      }
      expect(await refused({ '001_a.up.sql': '-- migrate:up\n' })).to.include({ reason: 'empty', line: 1 });
    });
  });

  it('tells the first problem in the order of the versions', async () => {
    const error = await refused({ '001_a.sql': 'x', '002_b.sql': '\0', '003_c.sql': '' });
    expect(error).to.include({ reason: 'encoding', file: '002_b.sql' });
  });
});

function counted(...versions: number[]): Record<string, string> {
  return Object.fromEntries(versions.map((version) => [`${String(version).padStart(3, '0')}_x.sql`, 'SELECT 1']));
}
