import { expect } from 'chai';
import { startTogether, wrongWith } from '../../../bench/migrations/starts/start-together.js';
import { startPostgres, type PostgresServer } from '../../../lib/testing/index.js';
import { catalogueOf, expectSame } from '../../support/catalogue.js';
import { emptyDatabase, MigrationFolder } from '../../support/migrations.js';
import { findPgBouncer, startPgBouncer, type PgBouncer } from '../../support/pgbouncer.js';
import { startsSet, startsVersions } from '../../../bench/migrations/starts/set.js';

const processes = 50;
const applications = 12;
const behindPooler = 8;

describe('many processes that start at once on an empty database', function () {
  this.timeout(120_000);
  this.slow(60_000);
  let server: PostgresServer;
  let folder: MigrationFolder;

  before(async () => {
    server = await startPostgres({ maxConnections: 300 });
    folder = await MigrationFolder.make(startsSet);
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
    await server.stop();
  });

  for (const run of [1, 2, 3]) {
    it(`all succeed, and one of the ${String(processes)} applied each migration (${String(run)})`, async () => {
      const connectionString = await emptyDatabase(server);
      const starts = await startTogether(processes, {
        connectionString,
        options: { directory: folder.directory },
        version: -1,
      });
      expect(await wrongWith(starts, connectionString, startsVersions)).to.deep.equal([]);
    });
  }

  for (const by of ['initializeSchema', 'dbResilience'] as const) {
    it(`all have their schema by ${by}, which one of them applied`, async () => {
      const connectionString = await emptyDatabase(server);
      const options = { directory: folder.directory };
      const starts = await startTogether(applications, { by, connectionString, options, version: -1 });
      expect(await wrongWith(starts, connectionString, startsVersions)).to.deep.equal([]);
    });
  }

  describe('behind PgBouncer in transaction mode', () => {
    const binary = findPgBouncer();
    let bouncer: PgBouncer;
    before(async function () {
      if (binary === undefined) this.skip();
      bouncer = await startPgBouncer(binary, server, ['max_client_conn = 300', 'default_pool_size = 20']);
    });
    after(() => (bouncer as PgBouncer | undefined)?.stop());

    it('are refused, told of migrationUrl, and have changed nothing', async () => {
      const before = await catalogueOf(server.connectionString);
      const { ended } = await startTogether(behindPooler, {
        connectionString: bouncer.connectionString,
        options: { directory: folder.directory },
        version: -1,
      });
      for (const { told } of ended) {
        expect(told?.error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'pooler' });
        expect(told?.error?.message).to.include('migrationUrl');
      }
      expectSame(before, await catalogueOf(server.connectionString), 'what they left');
    });

    it('all succeed with a migrationUrl that goes straight to the server', async () => {
      const { connectionString: migrationUrl } = server;
      const starts = await startTogether(behindPooler, {
        connectionString: bouncer.connectionString,
        options: { directory: folder.directory, migrationUrl },
        version: -1,
      });
      expect(await wrongWith(starts, migrationUrl, startsVersions)).to.deep.equal([]);
    });
  });
});
