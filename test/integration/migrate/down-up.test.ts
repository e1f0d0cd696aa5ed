import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { allKinds } from '../../support/all-kinds.js';
import { catalogueOf, dumpOf, expectSame, rowsOf } from '../../support/catalogue.js';
import { emptyDatabase, managerOf, MigrationFolder } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';

const newest = 6;
/** The schema of this repository's example. */
const exampleDirectory = fileURLToPath(new URL('../../../../migrations', import.meta.url));

describe('down, followed by up', function () {
  this.timeout(60_000);
  let folder: MigrationFolder;
  let database: string;

  before(async () => {
    folder = await MigrationFolder.make(allKinds);
  });
  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
  });
  after(() => folder[Symbol.asyncDispose]());

  const manager = () => managerOf(database, folder.directory);
  async function look(): Promise<Record<'catalogue' | 'rows' | 'dump', string | undefined>> {
    const rows = await rowsOf(database);
    return {
      catalogue: await catalogueOf(database, { withoutHistory: true }),
      rows: rows
        .split('\n')
        .filter((line) => !line.includes('db_resilience_migrations'))
        .join('\n'),
      dump: await dumpOf(await sharedPostgres(), database, { withoutHistory: true }),
    };
  }
  function expectSameLook(before: Awaited<ReturnType<typeof look>>, after: typeof before, what: string): void {
    for (const part of ['catalogue', 'rows', 'dump'] as const)
      expectSame(before[part], after[part], `${part}, ${what}`);
  }

  it('gives an identical schema at every version, and before it what was before', async () => {
    const looks = [await look()];
    for (let version = 1; version <= newest; version++) {
      await manager().migrateTo(version);
      looks.push(await look());
    }
    const at = (version: number) => looks[version] as Awaited<ReturnType<typeof look>>;
    for (let version = newest; version >= 1; version--) {
      const run = await manager().down();
      expect(run).to.include({ from: version, to: version - 1 });
      expectSameLook(at(version - 1), await look(), `after down to ${String(version - 1)}`);
      await manager().migrateTo(version);
      expectSameLook(at(version), await look(), `after down and up to ${String(version)}`);
      await manager().down();
    }
    await manager().up();
    expectSameLook(at(newest), await look(), 'after all');
  });

  it('is the same by steps and at once, all the way', async () => {
    const empty = await look();
    await manager().migrateTo(-1);
    const full = await look();
    expect((await manager().migrateTo(0)).steps).to.have.length(newest);
    expectSameLook(empty, await look(), 'after migrateTo(0)');
    expect((await manager().status()).pending).to.equal(newest);
    await manager().migrateTo(-1);
    expectSameLook(full, await look(), 'after migrateTo(-1)');
    await manager().down(newest);
    expectSameLook(empty, await look(), 'after down(6)');
    await manager().up();
    expectSameLook(full, await look(), 'after up()');
  });

  it("is the same for the example's schema", async () => {
    const manager = managerOf(database, exampleDirectory);
    const empty = await look();
    await manager.up();
    const full = await look();
    expect(full.catalogue?.split('\n').length).to.be.above(300);
    await manager.migrateTo(0);
    expectSameLook(empty, await look(), 'after migrateTo(0)');
    await manager.migrateTo(-1);
    expectSameLook(full, await look(), 'after migrateTo(-1)');
  });

  it('leaves a row in the history for each way it went', async () => {
    await manager().migrateTo(2);
    await manager().down(2);
    await manager().migrateTo(1);
    const rows = (await rowsOf(database))
      .split('\n')
      .find((line) => line.startsWith('public.db_resilience_migrations:'));
    expect(rows).to.equal('public.db_resilience_migrations: 5 rows');
    const { migrations } = await manager().status();
    expect(migrations.map(({ version, state }) => [version, state]).slice(0, 2)).to.deep.equal([
      [1, 'applied'],
      [2, 'pending'],
    ]);
  });
});
