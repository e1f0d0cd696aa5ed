import { expect } from 'chai';
import pg from 'pg';
import type { MigrationEvent, MigrationOptions } from '../../../lib/migrate/index.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../support/migrations.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';

const alone = (...statements: string[]) =>
  ['-- migrate:up transaction:false', ...statements.map((one) => `${one};`), ''].join('\n');

describe('a migration without a transaction', function () {
  this.timeout(60_000);
  this.slow(10_000);
  let database: string;
  let folder: MigrationFolder;

  beforeEach(async () => {
    database = await emptyDatabase(await sharedPostgres());
    folder = await MigrationFolder.make({});
    await sql('create table item (id int, name text)', `insert into item values (1, 'a'), (2, 'a')`);
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const manager = (options: Partial<MigrationOptions> = {}) => managerOf(database, folder.directory, options);
  const sql = <Row extends object>(...statements: string[]) => runSql<Row>(database, ...statements);
  const write = (...statements: string[]) => folder.write({ '001_alone.sql': alone(...statements) });
  const history = () =>
    sql<{ told: string }>(
      `select concat_ws(' ', direction, outcome, statements_done, 'of', statements, case when in_doubt then 'in doubt' end) as told
       from db_resilience_migrations order by id`,
    ).then((rows) => rows.map(({ told }) => told));
  const state = async () => (await manager().status()).migrations[0]?.state;
  /** `name: definition`, and whether it is valid. */
  const indexes = () =>
    sql<{ told: string }>(
      `select relname || case when indisunique then ' unique' else '' end || case when indisvalid then '' else ' INVALID' end as told
       from pg_index join pg_class on oid = indexrelid where relnamespace = 'public'::regnamespace and relname like 'item%'
       order by 1`,
    ).then((rows) => rows.map(({ told }) => told));

  /** A transaction that keeps what it has touched until it is disposed of. */
  async function holding(statement: string): Promise<AsyncDisposable> {
    const client = new pg.Client({ connectionString: database });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('begin');
    await client.query(statement);
    return { [Symbol.asyncDispose]: () => client.end() };
  }

  const waiting = async (count = 1) =>
    eventually(
      async () =>
        (
          await sql(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'virtualxid'`,
          )
        ).length === count,
      10_000,
      'somebody waits for an older transaction',
    );

  it('counts each statement as it is done, and leaves one row of the history', async () => {
    await write(
      'create table seen as select outcome, statements_done, statements from db_resilience_migrations',
      'vacuum item',
      'create index concurrently item_id on item (id)',
    );
    const events: MigrationEvent[] = [];
    const run = await manager({ onProgress: (event) => events.push(event) }).up();
    expect(run.steps).to.have.length(1);
    expect(run.steps[0]).to.include({ version: 1, direction: 'up', attempts: 1 });
    expect(await sql('select * from seen')).to.deep.equal([
      { outcome: 'unfinished', statements_done: 0, statements: 3 },
    ]);
    expect(await history()).to.deep.equal(['up done 3 of 3']);
    expect(await sql('select done_checksum from db_resilience_migrations')).to.deep.equal([{ done_checksum: null }]);
    expect(events.map(({ kind }) => kind)).to.deep.equal([
      'locked',
      'history-created',
      'begun',
      ...['statement', 'statement-done', 'statement', 'statement-done', 'statement', 'statement-done'],
      'recorded',
      'done',
      'unlocked',
    ]);
    expect(events.filter(({ kind }) => kind === 'statement').map((event) => 'tag' in event && event.tag)).to.deep.equal(
      ['CREATE TABLE', 'VACUUM', 'CREATE INDEX CONCURRENTLY'],
    );
  });

  it('goes on at the index that a wrong row kept from being valid, once that is mended', async () => {
    await write(
      'create table before (id int)',
      'create unique index concurrently item_name on item (name)',
      'create table after (id int)',
    );
    const error = await failureOf(manager().up());
    expect(error).to.include({ code: 'DB_MIGRATION_FAILED', outcome: 'unknown', line: 3, column: 1, version: 1 });
    expect(error.message)
      .to.match(/CREATE UNIQUE INDEX CONCURRENTLY failed: could not create unique index "item_name" \(23505\)/)
      .and.match(/statement 2 of 3, without a transaction: those before it stay/)
      .and.match(/repair 1 --as reverted/);
    expect(await indexes()).to.deep.equal(['item_name unique INVALID']);
    expect(await history()).to.deep.equal(['up unfinished 1 of 3']);
    expect(await state()).to.equal('unfinished');
    await sql('delete from item where id = 2');
    const events: MigrationEvent[] = [];
    await manager({ onProgress: (event) => events.push(event) }).up();
    expect(await indexes()).to.deep.equal(['item_name unique']);
    expect(await history()).to.deep.equal(['up done 3 of 3']);
    expect(events.flatMap((event) => (event.kind === 'statement' ? [event.index] : []))).to.deep.equal([2, 3]);
  });

  it('builds an index whose INVALID remains IF NOT EXISTS would pass over', async () => {
    const wrong = await failureOf(sql('create unique index concurrently item_name on item (name)'));
    expect(wrong.code).to.equal('23505');
    expect(await indexes()).to.deep.equal(['item_name unique INVALID']);
    await write('create index concurrently if not exists item_name on item (name)');
    await manager().up();
    expect(await indexes()).to.deep.equal(['item_name']);
  });

  it('does not take a valid index of the same name for its own', async () => {
    await sql('create index item_name on item (id)');
    await write('create index concurrently item_name on item (name)');
    for (const again of [false, true]) {
      const error = await failureOf(manager().up());
      expect((error.cause as { code?: string }).code, String(again)).to.equal('42P07');
      expect(await history()).to.deep.equal(['up unfinished 0 of 1']);
    }
    const [index] = await sql<{ of: string }>(`select pg_get_indexdef('item_name'::regclass, 1, true) as of`);
    expect(index?.of).to.equal('id');
    await sql('drop index item_name');
    await manager().up();
    expect(await indexes()).to.deep.equal(['item_name']);
  });

  it('takes a valid index for its own only where it was making that one when it was interrupted', async () => {
    await write(
      'create index concurrently item_name on item (name)',
      'create unique index concurrently item_id on item (id)',
    );
    await sql('insert into item values (2)');
    await failureOf(manager().up());
    // As if the process had died before it heard that the first one is there.
    await sql(
      `update db_resilience_migrations set statements_done = 0, in_doubt = true`,
      'drop index item_id',
      'create index item_id on item (name)',
    );
    const error = await failureOf(manager().up());
    expect(error).to.include({ code: 'DB_MIGRATION_FAILED', line: 3 });
    expect((error.cause as { code?: string }).code).to.equal('42P07');
    expect(await history()).to.deep.equal(['up unfinished 1 of 2']);
  });

  it('is in no doubt where the server refused its lock for as long as was to be waited', async () => {
    await sql(
      'create table part (id int) partition by range (id)',
      'create table part_1 partition of part for values from (0) to (10)',
    );
    await write('alter table part detach partition part_1 concurrently');
    {
      await using _holder = await holding('lock table part_1 in access exclusive mode');
      const error = await failureOf(manager({ lockTimeoutMs: 50, lockRetryMs: 0 }).up());
      expect(error).to.include({ code: 'DB_MIGRATION_LOCKED', line: 2 });
      expect(await history()).to.deep.equal(['up unfinished 0 of 1']);
    }
    await manager().up();
    expect(await history()).to.deep.equal(['up done 1 of 1']);
  });

  it('clears away what an interrupted REINDEX has left of that index, and nothing of another', async () => {
    await sql(
      'create index item_name on item (name)',
      'create table items_too (id int)',
      'create index items_too_id_ccnew on items_too (id)',
      `update pg_index set indisvalid = false where indexrelid = 'items_too_id_ccnew'::regclass`,
    );
    await write('reindex index concurrently item_name');
    {
      await using _holder = await holding('insert into item values (3)');
      const error = await failureOf(manager({ statementTimeoutMs: 300 }).up());
      expect((error.cause as { code?: string }).code).to.equal('57014');
    }
    expect(await indexes()).to.deep.equal(['item_name', 'item_name_ccnew INVALID', 'items_too_id_ccnew INVALID']);
    await manager().up();
    expect(await indexes()).to.deep.equal(['item_name', 'items_too_id_ccnew INVALID']);
  });

  it('waits with an index for older transactions, however short the time for a lock, and for that statement only', async () => {
    await write(
      'create index concurrently item_name on item (name)',
      `create table seen as select current_setting('lock_timeout') as time`,
    );
    let up: Promise<unknown>;
    {
      await using _holder = await holding('insert into item values (3)');
      up = manager({ lockTimeoutMs: 50, lockRetryMs: 0 }).up();
      await waiting();
      expect(await history(), 'if it ends here, nobody knows').to.deep.equal(['up unfinished 0 of 2 in doubt']);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await up;
    expect(await indexes()).to.deep.equal(['item_name']);
    expect(await sql('select * from seen')).to.deep.equal([{ time: '50ms' }]);
  });

  it('waits for another session that builds the same index, and takes it', async () => {
    await write('create index concurrently if not exists item_name on item (name)');
    let other: Promise<unknown>;
    let up: Promise<unknown>;
    const events: MigrationEvent[] = [];
    {
      await using _holder = await holding('insert into item values (3)');
      other = sql('create index concurrently item_name on item (name)');
      other.catch(() => undefined);
      await waiting();
      // Nor does it stand in line behind that one, to clear away what it has made.
      up = manager({ lockTimeoutMs: 30_000, onProgress: (event) => events.push(event) }).up();
      up.catch(() => undefined);
      await eventually(() => events.some(({ kind }) => kind === 'table-locked'), 10_000, 'it has seen the other one');
      expect(await indexes()).to.deep.equal(['item_name INVALID']);
    }
    await other;
    await up;
    expect(await indexes()).to.deep.equal(['item_name']);
    expect(await history()).to.deep.equal(['up done 1 of 1']);
  });

  it('begins a statement again that could not have its lock, and says how often', async () => {
    await write('create table before (id int)', 'alter table item add column more int');
    const events: MigrationEvent[] = [];
    let up: ReturnType<ReturnType<typeof manager>['up']>;
    {
      await using _holder = await holding('select * from item');
      up = manager({ lockTimeoutMs: 50, onProgress: (event) => events.push(event) }).up();
      await eventually(() => events.some(({ kind }) => kind === 'table-locked'), 10_000, 'it was locked out');
    }
    expect((await up).steps[0]?.attempts).to.be.within(2, 3);
    expect(await history()).to.deep.equal(['up done 2 of 2']);
  });

  it('is locked out after a time, and goes on at that statement later', async () => {
    await write('create table before (id int)', 'alter table item add column more int');
    {
      await using _holder = await holding('select * from item');
      const error = await failureOf(manager({ lockTimeoutMs: 50, lockRetryMs: 0 }).up());
      expect(error).to.include({ code: 'DB_MIGRATION_LOCKED', version: 1, line: 3, retryable: true });
      expect((error.cause as { code?: string }).code).to.equal('55P03');
    }
    expect(await history()).to.deep.equal(['up unfinished 1 of 2']);
    await manager().up();
    expect(await history()).to.deep.equal(['up done 2 of 2']);
  });

  it('has what its SET said when it goes on', async () => {
    await sql('create schema app');
    await write('set search_path = app', 'create table here (id int)', 'insert into here select id from public.gone');
    await failureOf(manager().up());
    await sql('create table gone (id int)');
    await manager().up();
    expect(await sql('select * from app.here')).to.deep.equal([]);
  });

  it('may have a DO that commits in its midst, where it is idempotent', async () => {
    const block = 'do $$ begin for n in 1..3 loop insert into item values (n); commit; end loop; end $$';
    await write(block);
    const error = await failureOf(manager().up());
    expect((error.cause as { code?: string }).code).to.equal('2D000');
    expect(error.message).to.match(/What it has left, the next run finds out/);
    await folder.write({ '001_alone.sql': alone(block).replace('false', 'false idempotent:true') });
    await manager().up();
    expect(await sql('select count(*)::int as n from item')).to.deep.equal([{ n: 5 }]);
    expect(await history()).to.deep.equal(['up done 1 of 1']);
  });

  it('detaches a partition, also where it has to finish that behind an older transaction', async () => {
    await sql(
      'create table part (at int) partition by range (at)',
      'create table part_1 partition of part for values from (0) to (10)',
    );
    await write('alter table part detach partition part_1 concurrently');
    const events: MigrationEvent[] = [];
    let up: Promise<unknown>;
    {
      await using _holder = await holding('select * from part');
      up = manager({ lockTimeoutMs: 100, onProgress: (event) => events.push(event) }).up();
      await eventually(() => events.some(({ kind }) => kind === 'table-locked'), 10_000, 'it waits for the older one');
      expect(await sql('select inhdetachpending as pending from pg_inherits')).to.deep.equal([{ pending: true }]);
    }
    await up;
    expect(await sql('select from pg_inherits')).to.deep.equal([]);
    expect(await sql(`select to_regclass('part_1')::text as name`)).to.deep.equal([{ name: 'part_1' }]);
    expect(await history()).to.deep.equal(['up done 1 of 1']);
  });

  it('makes and drops a database, and what is there already is not taken for its own', async () => {
    const name = `${new URL(database).pathname.slice(1)}_made`;
    await folder.write({
      '001_alone.sql': `${alone(`create database ${name}`)}-- migrate:down transaction:false\ndrop database ${name};\n`,
    });
    await manager().up();
    expect(await sql(`select from pg_database where datname = '${name}'`)).to.have.length(1);
    await manager().repair({ version: 1, as: 'reverted' });
    expect(((await failureOf(manager().up())).cause as { code?: string }).code).to.equal('42P04');
    await manager().repair({ version: 1, as: 'applied' });
    await manager().down();
    expect(await sql(`select from pg_database where datname = '${name}'`)).to.have.length(0);
    expect((await history()).at(-1)).to.equal('down done 1 of 1');
  });

  it('whose signal is aborted is unfinished, and goes on later', async () => {
    await write('create table before (id int)', 'create index concurrently item_name on item (name)');
    {
      await using _holder = await holding('insert into item values (3)');
      const controller = new AbortController();
      const up = settled(manager().up({ signal: controller.signal }), 10_000);
      await waiting();
      controller.abort();
      const { error } = await up;
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'unknown' });
      await waiting(0);
    }
    expect(await state()).to.equal('unfinished');
    expect(await indexes()).to.deep.equal(['item_name INVALID']);
    await manager().up();
    expect(await indexes()).to.deep.equal(['item_name']);
    expect(await history()).to.deep.equal(['up done 2 of 2']);
  });

  it('is not taken up where its beginning was changed, nor by a file that ends before it', async () => {
    const [first, second] = [
      'create table before (id int)',
      'create unique index concurrently item_name on item (name)',
    ];
    await write(first, second);
    await failureOf(manager().up());
    for (const changed of [
      ['create table before (id bigint)', second],
      ['select 1', first, second],
    ]) {
      await write(...changed);
      const error = await failureOf(manager().up());
      expect(error).to.include({ code: 'DB_MIGRATION_REFUSED', reason: 'unfinished', version: 1 });
      expect(error.message).to.match(
        /after 1 statements, and these were changed.*repair 1 --as applied, or --as reverted/,
      );
      expect(await indexes()).to.deep.equal(['item_name unique INVALID']);
    }
    await write(first, 'create index concurrently item_name on item (name)', 'create table after (id int)');
    await manager().up();
    expect(await indexes()).to.deep.equal(['item_name']);
    expect(await history()).to.deep.equal(['up done 3 of 3']);
    expect((await manager().status()).problems).to.deep.equal([]);
  });
});
