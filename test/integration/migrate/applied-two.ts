import { expect } from 'chai';
import type { MigrationManager, MigrationOptions } from '../../../lib/migrate/index.js';
import { catalogueOf, expectSame, rowsOf } from '../../support/catalogue.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql, type MigrationFiles } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { failureOf } from '../compat/failure-of.js';

export const firstTwo: MigrationFiles = {
  '001_first.sql': '-- migrate:up\ncreate table first (id int);\n-- migrate:down\ndrop table first;\n',
  '002_second.sql': '-- migrate:up\ncreate table second (id int);\n-- migrate:down\ndrop table second;\n',
};

/** A database of its own, the first two migrations of whose folder are applied. */
export class AppliedTwo implements AsyncDisposable {
  private constructor(
    readonly database: string,
    readonly folder: MigrationFolder,
  ) {}

  static async make(): Promise<AppliedTwo> {
    const database = await emptyDatabase(await sharedPostgres());
    const made = new AppliedTwo(database, await MigrationFolder.make(firstTwo));
    await made.manager().up();
    return made;
  }

  manager(options: Partial<MigrationOptions> = {}): MigrationManager {
    return managerOf(this.database, this.folder.directory, options);
  }

  /** The tables beside the history. */
  async tables(): Promise<string[]> {
    const rows = await runSql<{ name: string }>(
      this.database,
      "select tablename as name from pg_tables where schemaname = 'public' and tablename !~ '^db_res' order by 1",
    );
    return rows.map(({ name }) => name);
  }

  /** Neither schema nor rows, the history's included, are changed by it. */
  async expectUnchanged<T>(work: () => Promise<T>): Promise<T> {
    const catalogue = await catalogueOf(this.database, { withoutHistory: true });
    const rows = await rowsOf(this.database);
    const result = await work();
    expectSame(catalogue, await catalogueOf(this.database, { withoutHistory: true }), 'the catalogue');
    expectSame(rows, await rowsOf(this.database), 'the rows');
    return result;
  }

  /** It is refused, and changes nothing. */
  expectRefused(work: () => Promise<unknown>): Promise<Error & Record<string, unknown>> {
    return this.expectUnchanged(async () => {
      const error = await failureOf(work());
      const refused = { code: 'DB_MIGRATION_REFUSED', outcome: 'not-executed', retryable: false };
      expect(error, error.stack).to.include(refused);
      return error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
    const { pathname } = new URL(this.database);
    await (await sharedPostgres()).query(`drop database ${pathname.slice(1)} with (force)`);
  }
}
