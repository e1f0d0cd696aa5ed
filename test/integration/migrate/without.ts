import { expect } from 'chai';
import type { MigrationManager, MigrationOptions } from '../../../lib/migrate/index.js';
import { startPostgres, type PostgresServer } from '../../../lib/testing/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';

/** A server, and for each test an empty database and one migration, 001_only.sql, that has no transaction. */
export class Without {
  server!: PostgresServer;
  database = '';
  folder!: MigrationFolder;

  constructor() {
    before(async () => {
      this.server = await startPostgres();
    });
    after(() => this.server.stop());
    beforeEach(async () => {
      this.database = await emptyDatabase(this.server);
      this.folder = await MigrationFolder.make({});
    });
    afterEach(() => this.folder[Symbol.asyncDispose]());
  }

  write(up: string, down = '', options = ''): Promise<void> {
    const back = down === '' ? '' : `-- migrate:down transaction:false\n${down}\n`;
    return this.folder.write({ '001_only.sql': `-- migrate:up transaction:false ${options}\n${up}\n${back}` });
  }

  manager(options: Partial<MigrationOptions> = {}): MigrationManager {
    return managerOf(this.database, this.folder.directory, options);
  }

  sql<Row extends object>(...statements: string[]): Promise<Row[]> {
    return runSql<Row>(this.database, ...statements);
  }

  async values(statement: string): Promise<unknown[]> {
    return (await this.sql<Record<string, unknown>>(statement)).flatMap((row) => Object.values(row));
  }

  /** As `schema.name on table: valid`, of the tables that are not the history. */
  indexes(): Promise<unknown[]> {
    return this.values(`
      select format('%s on %s: %s', i.indexrelid::regclass, i.indrelid::regclass,
        case when i.indisvalid then 'valid' else 'invalid' end) as shown
      from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname not like 'pg_%' and n.nspname <> 'information_schema' and c.relname <> 'db_resilience_migrations'
      order by 1`);
  }

  history(): Promise<unknown[]> {
    return this.values(`
      select format('%s %s %s of %s', direction, outcome, statements_done, statements)
      from db_resilience_migrations order by id`);
  }

  async expectState(state: string, pending: number): Promise<void> {
    const status = await this.manager().status();
    expect(status.migrations.map((one) => one.state)).to.deep.equal([state]);
    expect(status.pending, 'pending').to.equal(pending);
    expect(status.problems).to.deep.equal([]);
  }

  /** The session that migrates is ended by the server, behind its `count`th statement. */
  endedBehind(count: number): Partial<MigrationOptions> {
    let ended: Promise<unknown> | undefined;
    return {
      onProgress: (event) => {
        if (event.kind !== 'statement-done' || event.index !== count || ended !== undefined) return;
        ended = this.endSession();
      },
    };
  }

  endSession(): Promise<unknown> {
    return this.sql(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where application_name = 'db-resilience migrations' and datname = current_database()`);
  }
}
