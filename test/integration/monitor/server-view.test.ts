import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import pg from 'pg';
import { schemaRef } from '../../../lib/express/openapi/schema.js';
import { explainStatement } from '../../../lib/monitor/explain-statement.js';
import { ServerView } from '../../../lib/monitor/server-view.js';
import type { ServerReport } from '../../../lib/monitor/server-report.js';
import { FakeClock, startPostgres } from '../../../lib/testing/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { startStandby } from '../../../lib/testing/start-standby.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { expectValid } from '../../unit/express/routes/conformity.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';
import { inspectByClient } from './inspect-by-client.js';

const parts = ['sessions', 'database_size', 'statistics', 'replication', 'standby', 'archiver', 'archive_queue'];

describe('ServerView', () => {
  let database: TestDatabase;
  let server: PostgresServer;
  const clients: pg.Client[] = [];

  before(async () => {
    server = await sharedPostgres();
    await server.query(`create role view_poor login password 'poor'`);
    await server.query(`create role view_rich login password 'rich' in role pg_monitor`);
  });
  after(async () => {
    await server.query('drop role view_poor, view_rich');
  });
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.end())));

  const connectionOf = (role: string): string => {
    const url = new URL(database.connectionString);
    url.username = `view_${role}`;
    url.password = role;
    return url.href;
  };
  const viewAs = (connectionString: string) => new ServerView({ inspect: inspectByClient(connectionString) });
  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.connectionString, application_name: 'secret app' });
    await client.connect();
    clients.push(client);
    return client;
  }
  /** An idle one, one that runs a statement, two in a transaction of which one has failed, and one that waits for a lock. */
  async function occupy(): Promise<() => Promise<void>> {
    const [idle, busy, holder, failed, blocked] = await Promise.all([1, 2, 3, 4, 5].map(() => connect()));
    await idle!.query('create table t (secret int)');
    await holder!.query('begin; lock table t');
    await failed!.query('begin; select 1');
    await failed!.query('select 1/0').catch(() => undefined);
    const work = [busy!.query("select pg_sleep(60), 'secret'"), blocked!.query('select * from t')];
    const ends = work.map((query) => query.catch(() => undefined));
    await eventually(
      async () => {
        const { rows } = await idle!.query<{ n: string }>(
          `select count(*) as n from pg_stat_activity where datname = current_database()
          and (wait_event_type = 'Lock' or wait_event = 'PgSleep')`,
        );
        return rows[0]?.n === '2';
      },
      5000,
      'one sleeps and one waits',
    );
    return async () => {
      for (const { pid } of await database.busyBackends()) await server.query('select pg_cancel_backend($1)', [pid]);
      await Promise.all(ends);
    };
  }

  it('tells all that there is of a primary, and no text, no address and no name of a user', async () => {
    const release = await occupy();
    try {
      const report = await viewAs(database.connectionString).read();
      expect(report.sessions).to.deep.include({
        active: 2,
        idle: 1,
        idle_in_transaction: 1,
        idle_in_transaction_aborted: 1,
        other: 0,
        hidden: 0,
        blocked_sessions: 1,
      });
      expect(report.sessions!.longest_transaction_s).to.be.within(0.001, 20);
      const { version, max_connections, superuser_reserved, is_in_recovery } = report;
      expect({ max_connections, superuser_reserved, is_in_recovery }).to.deep.equal({
        max_connections: 100,
        superuser_reserved: 3,
        is_in_recovery: false,
      });
      expect(Number.parseInt(version, 10)).to.equal(server.version);
      expect(report.connections_used).to.be.within(6, 99);
      expect(report.database_size_bytes).to.be.above(1_000_000);
      expect(report.statistics!.cache_hit_ratio).to.be.within(0, 1);
      expect(report.statistics).to.include({ deadlocks: 0, temp_bytes: 0 });
      expect(report.replication).to.deep.equal([]);
      expect(report.standby).to.equal(null);
      expect(report.archiver).to.deep.equal({
        is_enabled: false,
        archived_count: 0,
        failed_count: 0,
        last_archived: null,
        last_failed: null,
      });
      expect(report.archive_queue_length).to.equal(0);
      expect(report.not_visible).to.deep.equal([]);
      expect(JSON.stringify(report)).to.not.match(/secret|pg_sleep|127\.0\.0\.1|postgres/);
      expect(Object.keys(report).filter((key) => !/^[a-z_]+$/.test(key))).to.deep.equal([]);
    } finally {
      await release();
    }
  });

  it('says what a role without pg_monitor may not see, and tells it the rest', async () => {
    const release = await occupy();
    try {
      const report = await viewAs(connectionOf('poor')).read();
      expect(report.not_visible).to.deep.equal([
        { part: 'sessions', reason: 'permission' },
        { part: 'archive_queue', reason: 'permission' },
      ]);
      expect(report.sessions).to.include({ active: 0, other: 0, hidden: 5, blocked_sessions: 0 });
      expect(report.archive_queue_length).to.equal(null);
      expect(report.connections_used).to.be.within(6, 99);
      expect(report.database_size_bytes).to.be.above(1_000_000);
      const seen = await viewAs(connectionOf('rich')).read();
      expect(seen.not_visible).to.deep.equal([]);
      expect(seen.sessions).to.include({ active: 2, hidden: 0, blocked_sessions: 1 });
    } finally {
      await release();
    }
  });

  it('loses a part that takes too long, and none of the others', async () => {
    const inspect = inspectByClient(database.connectionString);
    const view = new ServerView({
      inspect: (work, timeoutMs) =>
        inspect(
          (run) =>
            work((text, values) => run(text.replace('pg_database_size(current_database())', 'pg_sleep(60)'), values)),
          timeoutMs,
        ),
      timeoutMs: 2000,
    });
    const report = await view.read();
    expect(report.database_size_bytes).to.equal(null);
    expect(report.not_visible).to.deep.equal([{ part: 'database_size', reason: 'unavailable' }]);
    expect(report.archiver).to.not.equal(null);
  });

  it('changes nothing, and leaves no transaction open', async () => {
    const inspect = inspectByClient(database.connectionString);
    await new ServerView({ inspect }).read();
    expect(inspect.sent[0]).to.match(/^BEGIN .* READ ONLY$/);
    expect(inspect.sent.at(-1)).to.equal('ROLLBACK');
  });

  it('asks once for all who ask meanwhile, and not again before the report is 15 s old', async () => {
    const clock = new FakeClock();
    const inspect = inspectByClient(database.connectionString);
    const asked = () => inspect.sent.filter((text) => text.startsWith('BEGIN')).length;
    const view = new ServerView({ inspect, clock });
    const [first, second] = await Promise.all([view.read(), view.read()]);
    expect(second).to.equal(first);
    clock.advance(14_999);
    expect(await view.read()).to.equal(first);
    expect(asked()).to.equal(1);
    clock.advance(1);
    expect(await view.read()).to.not.equal(first);
    expect(asked()).to.equal(2);
  });

  it('opens its connection outside the request', async () => {
    const storage = new AsyncLocalStorage<string>();
    let seen: string | undefined = 'nothing';
    const view = new ServerView({
      inspect: () => {
        seen = storage.getStore();
        return Promise.reject(new Error('enough'));
      },
    });
    await storage.run('request', () => failureOf(view.read()));
    expect(seen).to.equal(undefined);
  });

  it('rejects where the server cannot be asked, and asks anew the next time', async () => {
    let isDown = true;
    const inspect = inspectByClient(database.connectionString);
    const view = new ServerView({
      inspect: (work, timeoutMs) => (isDown ? Promise.reject(new Error('down')) : inspect(work, timeoutMs)),
    });
    expect((await failureOf(view.read())).message).to.equal('down');
    isDown = false;
    expect((await view.read()).is_in_recovery).to.equal(false);
  });

  it('rejects where the session is ended in the middle of it', async () => {
    const inspect = inspectByClient(database.connectionString);
    const view = new ServerView({
      inspect: (work, timeoutMs) =>
        inspect(
          (run) =>
            work((text, values) =>
              run(text.startsWith('SELECT blks') ? 'select pg_terminate_backend(pg_backend_pid())' : text, values),
            ),
          timeoutMs,
        ),
    });
    await failureOf(view.read());
  });

  describe('with a standby and an archive that fails', () => {
    let primary: PostgresServer;
    let standby: PostgresServer | undefined;

    before(async function () {
      this.timeout(120_000);
      primary = await startPostgres({
        settings: { archive_mode: 'on', archive_command: 'false', wal_level: 'replica' },
      });
      standby = await startStandby(primary);
    });
    after(async function () {
      this.timeout(60_000);
      await standby?.stop();
      await primary.stop();
    });

    async function read(of: PostgresServer): Promise<ServerReport> {
      const report = await viewAs(of.connectionString).read();
      expectValid(schemaRef('ServerReport'), report, 'the report');
      return report;
    }

    it('tells the lag, from both sides', async () => {
      await primary.query('create table t as select 1 as n');
      let report: ServerReport | undefined;
      await eventually(
        async () => (report = await read(standby!)).standby?.replay_lag_s === 0,
        10_000,
        'the standby has replayed what it received',
      );
      expect(report).to.include({ is_in_recovery: true, replication: null });
      expect(report!.standby).to.deep.equal({ is_receiving: true, replay_lag_bytes: 0, replay_lag_s: 0 });
      expect(report!.not_visible).to.deep.equal([]);
      const [receiver] = (await read(primary)).replication!;
      expect(receiver).to.include({ name: 'standby', state: 'streaming', sync_state: 'async' });
      expect(receiver!.lag_bytes).to.be.within(0, 1_000_000);
    });

    it('tells of replay that is held up', async () => {
      await standby!.query('select pg_wal_replay_pause()');
      try {
        await primary.query('create table u as select n from generate_series(1, 10000) n');
        let report: ServerReport | undefined;
        await eventually(
          async () => (report = await read(standby!)).standby!.replay_lag_bytes! > 100_000,
          10_000,
          'the standby has received more than it has replayed',
        );
        expect(report!.standby!.replay_lag_s).to.be.above(0);
        expect((await read(primary)).replication![0]!.lag_bytes).to.be.above(100_000);
      } finally {
        await standby!.query('select pg_wal_replay_resume()');
      }
    });

    it('tells of the archive, and of its queue', async () => {
      await primary.query('select pg_switch_wal()');
      let report: ServerReport | undefined;
      await eventually(
        async () => (report = await read(primary)).archiver!.failed_count > 0 && report.archive_queue_length! > 0,
        15_000,
        'the archiver has failed',
      );
      expect(report!.archiver).to.include({ is_enabled: true, last_archived: null });
      expect(Date.now() - Date.parse(report!.archiver!.last_failed!)).to.be.within(-1000, 60_000);
    });

    it('works on a standby, as plans do, where transactions are serializable by default', async () => {
      const url = new URL(standby!.connectionString);
      url.searchParams.set('options', '-c default_transaction_isolation=serializable');
      const inspect = inspectByClient(url.href);
      expect((await new ServerView({ inspect }).read()).is_in_recovery).to.equal(true);
      const explain = (hasParameters: boolean, text: string) =>
        inspect((run) => explainStatement(run, text, { hasParameters, timeoutMs: 2000 }), 5000);
      expect(await explain(false, 'select relname from pg_class')).to.be.an('array');
      expect(await explain(true, 'select relname from pg_class where oid = $1')).to.be.an('array');
    });

    it('hides the receivers from a role that may not see them', async () => {
      await primary.query(`create role poor login password 'poor'`);
      const url = new URL(primary.connectionString);
      url.username = url.password = 'poor';
      const report = await viewAs(url.href).read();
      expect(report.replication).to.equal(null);
      expect(report.not_visible).to.deep.include({ part: 'replication', reason: 'permission' });
      for (const { part } of report.not_visible) expect(parts).to.contain(part);
    });
  });
});
