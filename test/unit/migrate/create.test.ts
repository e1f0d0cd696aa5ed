import { chmod, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { createMigration } from '../../../lib/migrate/create.js';
import type { CreateMigrationOptions } from '../../../lib/migrate/create.js';
import { readMigrations } from '../../../lib/migrate/files.js';
import { refusalOf } from './refusal.js';
import { withFolder, writeFiles } from './temporary-folder.js';

const now = new Date('2026-03-04T05:06:07.890+02:00');

function createBeside(names: readonly string[], options: Partial<CreateMigrationOptions> = {}): Promise<string[]> {
  return withFolder(async (folder) => {
    await writeFiles(folder, Object.fromEntries(names.map((name) => [name, 'SELECT 1'])));
    const paths = await createMigration({ directory: folder, name: 'new', now, ...options });
    const created = paths.map((path) => basename(path));
    expect((await readdir(folder)).sort()).to.deep.equal([...names, ...created].sort());
    return created;
  });
}

describe('createMigration', () => {
  it('makes the folder, and its first file with both markers', async () => {
    await withFolder(async (folder) => {
      const directory = join(folder, 'deep/er');
      const paths = await createMigration({ directory, name: 'initial schema' });
      expect(paths).to.deep.equal([join(directory, '001_initial_schema.sql')]);
      expect(await readFile(paths[0]!, 'utf8')).to.match(/^-- migrate:up\n-- .*\n\n-- migrate:down\n-- .*\n$/s);
    });
  });

  it('makes a file that is a migration as soon as it has statements', async () => {
    for (const pair of [false, true]) {
      await withFolder(async (folder) => {
        const paths = await createMigration({ directory: folder, name: 'a', pair });
        for (const path of paths) {
          const text = await readFile(path, 'utf8');
          const filled = text
            .replace(/^(-- migrate:up\n)/, '$1SELECT 1;\n')
            .replace(/(-- migrate:down\n)/, '$1SELECT 2;\n');
          await writeFiles(folder, { [basename(path)]: filled });
        }
        const [migration] = await readMigrations(folder);
        expect(migration?.up.text).to.match(/^SELECT 1;/);
        expect(migration?.down?.text).to.match(/^SELECT 2;/);
      });
    }
  });

  it('counts on from the newest, as wide as it is, of 3 digits at least', async () => {
    expect(await createBeside(['001_a.sql', '002_b.up.sql', '002_b.down.sql'])).to.deep.equal(['003_new.sql']);
    expect(await createBeside(['1_a.sql', '9_b.sql', '10_c.sql'])).to.deep.equal(['011_new.sql']);
    expect(await createBeside(['00007_a.sql'])).to.deep.equal(['00008_new.sql']);
    expect(await createBeside(['999_a.sql'])).to.deep.equal(['1000_new.sql']);
  });

  it('gives a timestamp in UTC where the newest is one, later than the newest', async () => {
    expect(await createBeside(['20240101_a.sql'])).to.deep.equal(['20260304030607_new.sql']);
    expect(await createBeside(['001_a.sql', '20240101000000_b.sql'])).to.deep.equal(['20260304030607_new.sql']);
    expect(await createBeside(['20260304030607_a.sql'])).to.deep.equal(['20260304030608_new.sql']);
    expect(await createBeside(['20990101000000_a.sql'])).to.deep.equal(['20990101000001_new.sql']);
  });

  it('writes a pair where it is asked to', async () => {
    expect(await createBeside(['001_a.sql'], { pair: true })).to.deep.equal(['002_new.up.sql', '002_new.down.sql']);
  });

  it('makes a name of words', async () => {
    for (const [given, name] of [
      ['Add users', 'add_users'],
      ['  add -- users  ', 'add_users'],
      ['addUsersTable2', 'add_users_table2'],
      ['add_users', 'add_users'],
    ] as const) {
      expect(await createBeside([], { name: given })).to.deep.equal([`001_${name}.sql`]);
    }
  });

  it('refuses a name that cannot be one, and says what can', async () => {
    for (const name of ['', ' ', 'größer', '../x', 'a.sql', 'a/b', 'a\0', 'a'.repeat(101)]) {
      const error = await withFolder((directory) => refusalOf(createMigration({ directory, name })));
      expect(error.reason).to.equal('file-name');
      expect(error.message).to.include('Accepted are words of A-Z, a-z and 0-9');
    }
  });

  it('refuses a folder with a file that has no version', async () => {
    await withFolder(async (directory) => {
      await writeFiles(directory, { 'x.sql': '' });
      expect(await refusalOf(createMigration({ directory, name: 'a' }))).to.include({
        reason: 'file-name',
        file: 'x.sql',
      });
      expect(await readdir(directory)).to.deep.equal(['x.sql']);
    });
  });

  it('refuses a folder that is a file, or must not be written to', async () => {
    await withFolder(async (folder) => {
      await writeFiles(folder, { file: '' });
      const error = await refusalOf(createMigration({ directory: join(folder, 'file'), name: 'a' }));
      expect(error.reason).to.equal('directory');
      expect(error.message).to.match(/\/file cannot be written to \(EEXIST\)/);
      if (process.geteuid?.() === 0) return;
      await chmod(folder, 0o555);
      expect((await refusalOf(createMigration({ directory: folder, name: 'a' }))).message).to.include('EACCES');
    });
  });

  it('gives each of many at once a version of its own, and overwrites none', async () => {
    await withFolder(async (directory) => {
      const names = ['a', 'b', 'a', 'c', 'a', 'b', 'd', 'e'];
      const created = await Promise.all(names.map((name) => createMigration({ directory, name })));
      const files = created.flat().map((path) => basename(path));
      expect(files.map((file) => file.slice(0, 3)).sort()).to.deep.equal(
        names.map((_, index) => `00${String(index + 1)}`),
      );
      expect((await readdir(directory)).sort()).to.deep.equal(files.sort());
    });
  });

  it('says which file to delete where another one was killed in its midst', async () => {
    await withFolder(async (directory) => {
      await writeFiles(directory, { '.create.lock': '' });
      const error = await refusalOf(createMigration({ directory, name: 'a' }));
      expect(error.reason).to.equal('directory');
      expect(error.message).to.include(`delete ${join(directory, '.create.lock')}`);
    });
  });
});
