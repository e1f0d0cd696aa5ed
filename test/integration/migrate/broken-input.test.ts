import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { managerOf } from '../../support/migrations.js';
import { failureOf } from '../compat/failure-of.js';
import { AppliedTwo, firstTwo } from './applied-two.js';
import { refusedFiles } from './refused-files.js';

describe('a folder of migrations is refused, and nothing is changed', function () {
  this.timeout(60_000);
  let two: AppliedTwo;

  beforeEach(async () => {
    two = await AppliedTwo.make();
  });
  afterEach(() => two[Symbol.asyncDispose]());

  for (const [name, { files, expected, says }] of Object.entries(refusedFiles)) {
    it(`for ${name}`, async () => {
      await two.folder.write(files);
      const errors = await two.expectUnchanged(() =>
        Promise.all([two.manager().up(), two.manager().plan(), two.manager().rehearse()].map(failureOf)),
      );
      const told: unknown = await two
        .manager()
        .status()
        .then(
          ({ problems }) => problems[0],
          (error: unknown) => error, // of a folder that cannot be read at all
        );
      expect(told, 'what status tells').to.include(expected);
      for (const error of errors) {
        expect(error, error.message).to.include({ code: 'DB_MIGRATION_REFUSED', outcome: 'not-executed', ...expected });
        if (says !== undefined) expect(error.message).to.match(says);
        const { file, line } = expected;
        if (line !== undefined) expect(error.message).to.match(new RegExp(`^003_third\\.sql:${String(line)}`));
        else if (file !== undefined) expect(error.message).to.match(/^[a-z0-9_]+\.sql/);
      }
      await two.folder.remove(...Object.keys(files));
      expect((await two.manager().up()).steps, 'when it is mended').to.deep.equal([]);
    });
  }

  it('for a folder that there is not', async () => {
    const gone = join(two.folder.directory, 'gone');
    const error = await two.expectRefused(() => managerOf(two.database, gone).up());
    expect(error.reason).to.equal('directory');
    expect(error.message).to.include(gone);
  });

  it('for a file in the place of the folder', async () => {
    const file = join(two.folder.directory, '001_first.sql');
    const error = await two.expectRefused(() => managerOf(two.database, file).up());
    expect(error.reason).to.equal('directory');
  });

  it('for a file that cannot be read', async () => {
    const file = join(two.folder.directory, '003_third.sql');
    // Root may read whatever its mode is; a link that leads nowhere not even root.
    if (process.getuid?.() === 0) await symlink(join(two.folder.directory, 'nowhere'), file);
    else {
      await two.folder.write({ '003_third.sql': 'select 1;' });
      await chmod(file, 0);
    }
    const error = await two.expectRefused(() => two.manager().up());
    expect(error).to.include({ reason: 'file-unreadable', file: '003_third.sql' });
  });

  it('for an empty folder beside a database that has migrations', async () => {
    await two.folder.remove(...Object.keys(firstTwo));
    const error = await two.expectRefused(() => two.manager().up());
    expect(error.reason).to.be.oneOf(['newer-database', 'vanished', 'directory']);
  });

  it('but not for folders, hidden files, and what is no SQL', async () => {
    await mkdir(join(two.folder.directory, '003_folder'));
    await two.folder.write({
      '.003_hidden.sql': 'wrong',
      'README.md': 'wrong',
      '003_seed.sh': 'wrong',
      '003.sql~': 'no',
    });
    expect((await two.expectUnchanged(() => two.manager().up())).steps).to.deep.equal([]);
  });
});
