import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { stateOf } from '../../../bench/migrations/kills/interrupted.js';
import { killSet } from '../../../bench/migrations/kills/set.js';
import { Random } from '../../../bench/ledger/random.js';
import type { MigrationEvent } from '../../../lib/migrate/index.js';
import { startFaultProxy, startPostgres, type FaultProxy, type PostgresServer } from '../../../lib/testing/index.js';
import { failureOf } from '../../integration/compat/failure-of.js';
import { expectSame } from '../../support/catalogue.js';
import { emptyDatabase, managerOf, MigrationFolder } from '../../support/migrations.js';
import { eventually } from '../../support/settle.js';

const serverKills = 4;
const cuts = 12;

// Again: LOST_SEED=N
const seed = Number(process.env.LOST_SEED ?? randomInt(2 ** 32 - 1));

describe('a migration that loses its server', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let server: PostgresServer;
  let proxy: FaultProxy;
  let folder: MigrationFolder;
  let full: string;
  let events = 0;
  let ms = 0;

  before(async () => {
    server = await startPostgres();
    proxy = await startFaultProxy({ target: server });
    folder = await MigrationFolder.make(killSet);
    const database = await emptyDatabase(server);
    const started = performance.now();
    await managerOf(database, folder.directory, { onProgress: () => void events++ }).up();
    ms = performance.now() - started;
    full = await stateOf(database);
  });
  beforeEach(() => proxy.pass());
  after(async () => {
    await folder[Symbol.asyncDispose]();
    await proxy.close();
    await server.stop();
  });

  async function expectFinishedByTheNext(database: string, what: string): Promise<void> {
    await managerOf(database, folder.directory).up();
    expectSame(full, await stateOf(database), what);
  }

  it(`since it is killed, is finished by the next run (seed ${String(seed)})`, async () => {
    const random = new Random(seed);
    for (let kill = 0; kill < serverKills; kill++) {
      const database = await emptyDatabase(server);
      const at = random.whole(1, events - 2);
      let seen = 0;
      let killed: Promise<void> | undefined;
      const onProgress = () => {
        if (seen++ === at) killed = server.kill();
      };
      // At the very end there is nothing left that could fail.
      const run = await managerOf(database, folder.directory, { onProgress })
        .up()
        .catch((error: unknown) => error);
      if (run instanceof Error)
        expect(run).to.have.property('outcome').that.is.oneOf(['unknown', 'rolled-back', 'not-executed']);
      await killed;
      await server.start();
      await expectFinishedByTheNext(database, `killed at event ${String(at)}`);
    }
  });

  it(`since the connection is cut, is finished by the next run (seed ${String(seed)})`, async () => {
    const random = new Random(seed);
    for (let cut = 0; cut < cuts; cut++) {
      const database = await emptyDatabase(server);
      const url = new URL(database);
      url.port = String(proxy.port);
      const at = random.between(0, ms);
      const timer = setTimeout(() => proxy.reset(), at);
      await managerOf(url.href, folder.directory)
        .up()
        .catch((error: unknown) => {
          expect(error).to.have.property('code').that.is.oneOf(['DB_CONNECTION_LOST', 'DB_MIGRATION_FAILED']);
        });
      clearTimeout(timer);
      await expectFinishedByTheNext(database, `cut after ${at.toFixed(0)} ms`);
    }
  });

  it('frozen, ends by its signal within seconds, by itself within a minute, and is finished by the next run', async () => {
    const databases = await Promise.all([emptyDatabase(server), emptyDatabase(server)]);
    const ending = new AbortController();
    let begun = 0;
    const onProgress = ({ kind }: MigrationEvent) => {
      if (kind === 'statement') begun += 1;
    };
    await using own = await MigrationFolder.make({
      '001_slow.sql': 'create table slow (id int);\nselect pg_sleep(3);\n',
    });
    const [signalled, patient] = databases.map((database, at) =>
      failureOf(managerOf(database, own.directory, { onProgress }).up(at === 0 ? { signal: ending.signal } : {})),
    );
    await eventually(() => begun === 4, 10_000, 'both are at their second statement');
    await sleep(200);
    await server.freeze();
    try {
      const started = performance.now();
      ending.abort();
      expect(await signalled).to.have.property('code', 'DB_CANCELLED');
      expect(performance.now() - started, 'ended by its signal').to.be.below(20_000);
      expect(await patient)
        .to.have.property('code')
        .that.is.oneOf(['DB_CONNECTION_LOST', 'DB_MIGRATION_FAILED']);
      expect(performance.now() - started, 'ended by itself').to.be.below(90_000);
    } finally {
      await server.resume();
    }
    for (const database of databases) {
      const manager = managerOf(database, own.directory);
      await manager.up();
      expect((await manager.status()).pending).to.equal(0);
    }
  });
});
