import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import pg from 'pg';
import { MigrationManager } from '../../../lib/migrate/index.js';
import { emptyDatabase } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { withFolder, writeFiles } from '../../unit/migrate/temporary-folder.js';

const guide = readFileSync('docs/migrations.md', 'utf8');

/** The example of SQL that has these words in it. */
function example(words: string): string {
  const blocks = [...guide.matchAll(/^```sql\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
  const [found, ...others] = blocks.filter((block) => block.includes(words));
  expect(others, words).to.deep.equal([]);
  return found ?? expect.fail(`no example has "${words}"`);
}

describe('docs/migrations.md', function () {
  this.timeout(60_000);
  let pool: pg.Pool;

  before(async () => {
    pool = new pg.Pool({ connectionString: await emptyDatabase(await sharedPostgres()) });
    await withFolder(async (directory) => {
      await writeFiles(directory, {
        '001_users.sql': example('create table users'),
        '002_user_names.sql': 'alter table users add column name text',
        '003_users_by_name.sql': example('create index concurrently'),
      });
      const manager = new MigrationManager(pool, { directory });
      await manager.up();
      await manager.repair({ version: 3, as: 'reverted' });
    });
  });

  after(() => pool.end());

  it('has examples of migrations that can be applied', async () => {
    const { rows } = await pool.query<{ indexname: string }>(
      `select indexname from pg_indexes where tablename = 'users' and indexname = 'users_by_name'`,
    );
    expect(rows).to.have.length(1);
  });

  it('asks the history for what was done, what is applied, and what was set right by hand', async () => {
    const answers = (await pool.query(example('distinct on (version)'))) as unknown as pg.QueryResult[];
    expect(answers.map(({ rows }) => rows.map(({ version }: { version: string }) => version))).to.deep.equal([
      ['3', '3', '2', '1'],
      ['1', '2'],
      ['3'],
    ]);
  });

  it('tells of each column of the history, and of no other', async () => {
    const [, table = ''] = /^\| column +\|.*\n((?:\|.*\n)+)/m.exec(guide) ?? [];
    const told = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)]);
    const { rows } = await pool.query<{ name: string }>(
      `select attname as name from pg_attribute
       where attrelid = 'public.db_resilience_migrations'::regclass and attnum > 0`,
    );
    expect(told.map(([, name]) => name)).to.have.members(rows.map(({ name }) => name));
  });
});
