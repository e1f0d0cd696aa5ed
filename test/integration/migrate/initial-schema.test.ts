import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import pg from 'pg';
import { MigrationManager } from '../../../lib/migrate/index.js';
import { emptyDatabase } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { catalogueOf } from './initial-schema/catalogue.js';
import { payment, refusedRows } from './initial-schema/refused-rows.js';
import { servedQueries } from './initial-schema/served-queries.js';

const SCHEMA = 'platform';

const tables = [
  'alert_preferences',
  'alerts_sent',
  'community_submissions',
  'exploits',
  'payments',
  'sources',
  'subscription_changes',
  'user_reputation',
  'users',
];
const views = ['v_recent_exploits', 'v_source_health', 'v_stats_24h', 'v_user_stats'];

describe('the initial schema', function () {
  this.timeout(60_000);
  let pool: pg.Pool;
  let client: pg.PoolClient;
  let manager: MigrationManager;

  before(async () => {
    pool = new pg.Pool({
      connectionString: await emptyDatabase(await sharedPostgres()),
      options: `-c search_path=${SCHEMA}`,
    });
    manager = new MigrationManager(pool, { directory: 'migrations', table: 'history.migrations' });
    client = await pool.connect();
    await client.query(`create schema ${SCHEMA}`);
    await manager.migrateTo(1);
    await client.query(readFileSync('examples/exploits-api/seed.sql', 'utf8'));
    await client.query('analyze');
  });
  after(async () => {
    client.release();
    await pool.end();
  });

  const column = async (sql: string, values: unknown[] = []): Promise<unknown[]> =>
    (await client.query<unknown[]>({ text: sql, values, rowMode: 'array' })).rows.map(([value]) => value);

  /** Runs it, and undoes it. */
  async function undone(work: () => Promise<void>): Promise<void> {
    await client.query('begin');
    try {
      await work();
    } finally {
      await client.query('rollback');
    }
  }

  it('has nine tables and four views, each with a comment, in the first schema of search_path', async () => {
    const names = (kind: string) =>
      column(
        `select relname from pg_class where relnamespace = $1::regnamespace and relkind = $2
         and obj_description(oid, 'pg_class') is not null order by 1`,
        [SCHEMA, kind],
      );
    expect(await names('r')).to.deep.equal(tables);
    expect(await names('v')).to.deep.equal(views);
    const all = `select relname::text from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'v') order by 1`;
    expect(await column(all, [SCHEMA])).to.deep.equal([...tables, ...views]);
    expect(await column(all, ['public'])).to.deep.equal([]);
  });

  it('has sixteen indexes beside those of its constraints', async () => {
    const indexes = await column(
      `select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = $1::regnamespace and not exists (select from pg_constraint where conindid = i.indexrelid)`,
      [SCHEMA],
    );
    expect(indexes).to.have.length(16).and.to.have.members(Object.keys(servedQueries));
  });

  it('has a primary key in each table, and times with a time zone only', async () => {
    expect(
      await column(`select conrelid::regclass::text from pg_constraint
        where contype = 'p' and connamespace = '${SCHEMA}'::regnamespace order by 1`),
    ).to.deep.equal(tables);
    expect(
      await column(`select attname from pg_attribute join pg_class c on c.oid = attrelid
        where relnamespace = '${SCHEMA}'::regnamespace and atttypid = 'timestamp'::regtype`),
    ).to.deep.equal([]);
  });

  it('has an index for the columns of each foreign key', async () => {
    const keys = await column(
      `select conname from pg_constraint where contype = 'f' and connamespace = '${SCHEMA}'::regnamespace`,
    );
    expect(keys).to.have.length(13);
    // A partial one will do where it leaves out nothing but null, which no foreign key looks for.
    const bare = await column(
      `select conname from pg_constraint f
       where contype = 'f' and connamespace = '${SCHEMA}'::regnamespace and not exists (
         select from pg_index i
         where i.indrelid = f.conrelid and i.indisvalid
           and (i.indkey::smallint[])[0:cardinality(f.conkey) - 1] @> f.conkey
           and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = (
             select format('(%I IS NOT NULL)', attname) from pg_attribute where attrelid = f.conrelid and attnum = f.conkey[1]))
       )`,
    );
    expect(bare).to.deep.equal([]);
  });

  for (const [index, [statement, values]] of Object.entries(servedQueries)) {
    it(`uses ${index} for a query of the views or of the example`, () =>
      undone(async () => {
        await client.query('set local enable_seqscan = off');
        const { rows } = await client.query<Record<string, unknown>>(`explain (format json) ${statement}`, values);
        expect(JSON.stringify(rows)).to.include(`"${index}"`);
      }));
  }

  for (const [constraint, statement] of refusedRows) {
    it(`has ${constraint} refuse ${statement.replace(/\s+/g, ' ')}`, () =>
      undone(async () => {
        const error = await client.query(statement).then(
          ({ rowCount }) => ({ rowCount }),
          (reason: unknown) => reason,
        );
        expect(error).to.include({ constraint });
      }));
  }

  it('has each of its constraints tried here, but the keys that count by themselves', async () => {
    const named = await column(
      `select conname from pg_constraint where connamespace = '${SCHEMA}'::regnamespace and contype in ('c', 'f', 'u')`,
    );
    expect(new Set(refusedRows.map(([constraint]) => constraint))).to.include.keys(named as string[]);
  });

  it('takes the edges of what is allowed', () =>
    undone(async () => {
      await client.query(`update exploits set cvss_score = 10.0, severity = 'critical' where id = 1`);
      await client.query(
        `update exploits set cvss_score = 0.1, severity = 'low', cve_id = 'CVE-1999-0001' where id = 1`,
      );
      await client.query(`update exploits set title = repeat('x', 200), details = '{"a": 1}' where id = 1`);
      await client.query(payment('8', `'12345678'`));
      await client.query(`insert into community_submissions (user_id, title, description, severity)
        select user_id, title, 'again, now that the first one is reviewed', severity from community_submissions where id = 1`);
    }));

  it('forgets what belongs to a user who goes, and keeps what is of use to others', () =>
    undone(async () => {
      const [exploit] = await column('select id from exploits where reported_by = 8 limit 1');
      await client.query('delete from users where id = 8');
      for (const table of ['alerts_sent', 'alert_preferences', 'community_submissions', 'user_reputation']) {
        expect(await column(`select 1 from ${table} where user_id = 8`), table).to.deep.equal([]);
      }
      expect(await column('select reported_by from exploits where id = $1', [exploit])).to.deep.equal([null]);
      await client.query('delete from users where id = 2');
      expect(
        await column(
          `select count(*)::integer from community_submissions where status <> 'pending' and reviewed_by is null`,
        ),
      ).to.deep.equal([35]);
    }));

  it('keeps submission and reputation of an exploit that goes', () =>
    undone(async () => {
      const [exploit] = await column('select exploit_id from community_submissions where id = 1');
      await client.query('delete from exploits where id = $1', [exploit]);
      expect(await column('select status from community_submissions where id = 1')).to.deep.equal(['accepted']);
      expect(await column('select points from user_reputation where submission_id = 1')).to.deep.equal([10]);
    }));

  it('has five triggers, one for each table with updated_at', async () => {
    const withTime = await column(
      `select c.relname from pg_attribute join pg_class c on c.oid = attrelid
       where attname = 'updated_at' and relnamespace = '${SCHEMA}'::regnamespace order by 1`,
    );
    const triggers = await column(
      `select c.relname from pg_trigger t join pg_class c on c.oid = tgrelid join pg_proc p on p.oid = tgfoid
       where not tgisinternal and p.proname = 'set_updated_at' and tgname = relname || '_set_updated_at' order by 1`,
    );
    expect(withTime).to.have.length(5);
    expect(triggers).to.deep.equal(withTime);
    expect(await column('select count(*)::integer from pg_trigger where not tgisinternal')).to.deep.equal([5]);
  });

  for (const [table, key, other] of [
    ['sources', 'id', 'title'],
    ['users', 'id', 'display_name'],
    ['exploits', 'id', 'platform'],
    ['alert_preferences', 'user_id', 'min_severity'],
    ['community_submissions', 'id', 'review_note'],
  ]) {
    it(`sets updated_at of ${String(table)} to the time of the change, whatever the statement says`, () =>
      undone(async () => {
        const { rows } = await client.query<Record<string, Date>>(
          `update ${String(table)} set ${String(other)} = ${String(other)}, updated_at = '2000-01-01'
           where ${String(key)} = 8 returning created_at, updated_at, now() as now`,
        );
        expect(rows).to.have.length(1);
        expect(rows[0]?.updated_at).to.deep.equal(rows[0]?.now);
        expect(rows[0]?.updated_at).to.be.above(rows[0]?.created_at ?? new Date(NaN));
      }));
  }

  it('tells the last 100 exploits, the newest first', async () => {
    expect(await column('select id from v_recent_exploits')).to.deep.equal(
      Array.from({ length: 100 }, (_, index) => 2000 - index),
    );
  });

  it('tells of the last 24 hours only', () =>
    undone(async () => {
      const stats = async () => (await client.query<Record<string, unknown>>('select * from v_stats_24h')).rows;
      const [before] = await stats();
      expect(before).to.deep.include({ exploits: 14, submissions_waiting: 20, payments: 1, revenue_cents: '49900' });
      const { critical, high, medium, low } = before as Record<string, number>;
      expect([critical, high, medium, low].reduce((sum = 0, count = 0) => sum + count)).to.equal(14);
      await client.query(`update exploits set published_at = now() - interval '24 hours 1 second' where id = 2000`);
      await client.query(`update payments set status = 'refunded', refunded_at = now() where amount_cents = 49900`);
      expect(await stats()).to.deep.equal([
        { ...before, exploits: 13, critical: (critical ?? 0) - 1, payments: 0, revenue_cents: '0' },
      ]);
    }));

  it('tells which sources can be relied on', async () => {
    const { rows } = await client.query<{ name: string; status: string }>('select name, status from v_source_health');
    const status = Object.fromEntries(rows.map((source) => [source.name, source.status]));
    expect(rows).to.have.length(11);
    expect(status).to.include({
      'oss-list': 'healthy',
      'full-view': 'failing',
      honeypots: 'stale',
      'paste-watch': 'disabled',
    });
    await undone(async () => {
      await client.query(`insert into sources (name, title, kind) values ('fresh', 'Fresh', 'feed')`);
      expect(
        (
          await client.query(
            `select status, last_published_at, exploits_24h, exploits_7d from v_source_health where name = 'fresh'`,
          )
        ).rows,
      ).to.deep.equal([{ status: 'never-polled', last_published_at: null, exploits_24h: 0, exploits_7d: 0 }]);
    });
  });

  it('tells of each user what the tables say', async () => {
    expect(await column('select count(*)::integer from v_user_stats')).to.deep.equal([60]);
    const { rows } = await client.query<Record<string, unknown>>(
      'select * from v_user_stats where id in (2, 60) order by id',
    );
    expect(rows[0]).to.include({ role: 'moderator', reputation: 0, submissions: 0, reviews: 35, paid_cents: '0' });
    expect(rows[1]).to.include({ tier: 'enterprise', reviews: 0, paid_cents: '59800' });
    const reputation = await column('select sum(points)::integer from user_reputation');
    expect(await column('select sum(reputation)::integer from v_user_stats')).to.deep.equal(reputation);
  });

  it('is the same after down and up, and nothing is left in between', async () => {
    const before = await catalogueOf(client, SCHEMA);
    expect(before.length).to.be.above(150);
    await manager.down();
    expect(await catalogueOf(client, SCHEMA)).to.deep.equal([]);
    await manager.up();
    expect(await catalogueOf(client, SCHEMA)).to.deep.equal(before);
  });
});
