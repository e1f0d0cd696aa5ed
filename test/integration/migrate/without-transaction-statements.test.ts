import { expect } from 'chai';
import pg from 'pg';
import type { MigrationEvent, MigrationOptions } from '../../../lib/migrate/index.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';
import { Without } from './without.js';

const items = 'create table item (id int primary key, name text); insert into item values (1, null), (2, null);';
const parts =
  'create table part (at int not null) partition by range (at);' +
  'create table part_1 partition of part for values from (0) to (10);' +
  'create table part_2 partition of part for values from (10) to (20);';
const partsLeft =
  "select format('%s %s', inhrelid::regclass, inhdetachpending) from pg_inherits join pg_class on oid = inhrelid " +
  "where relkind = 'r' order by 1";

describe('of the statements of a migration without a transaction', function () {
  this.timeout(60_000);
  const without = new Without();
  const up = (options: Partial<MigrationOptions> = {}) => without.manager(options).up();

  /** A transaction that goes on until the end of the block, or of the test's own wish. */
  async function holding(...statements: string[]): Promise<AsyncDisposable> {
    const client = new pg.Client({ connectionString: without.database });
    await client.connect();
    for (const statement of ['begin', ...statements]) await client.query(statement);
    let ended: Promise<void> | undefined;
    return { [Symbol.asyncDispose]: () => (ended ??= client.end()) };
  }
  const waiting = () =>
    eventually(
      async () => (await without.values("select 1 from pg_stat_activity where wait_event = 'virtualxid'")).length > 0,
      10_000,
      'it waits for the older transaction',
    );

  for (const [table, index, path] of [
    ['"My.Shop"."It""em"', '"By ""Name"".x"', ''],
    ['"It""em"', 'byname', 'set search_path to "My.Shop", public;'],
    ['"My.Shop"."Ítem"', '"Ñ $1 %I \'x\'"', ''],
  ] as const) {
    it(`an index is found whatever its name: ${path} ${index} on ${table}`, async () => {
      const create = `create unique index concurrently if not exists ${index} on ${table} (name);`;
      const qualified = path === '' ? `"My.Shop".${index}` : index;
      await without.write(
        `create schema "My.Shop"; ${path} create table ${table} (name text); insert into ${table} values (1), (1);\n${create}`,
      );
      const failed = await failureOf(up());
      expect((failed.cause as { code?: string }).code, failed.stack).to.equal('23505');
      expect(await without.indexes()).to.have.length(1);
      await without.sql('set search_path to "My.Shop"', `truncate ${table}`);
      await up();
      expect((await without.indexes()).map((one) => /: (\w+)$/.exec(String(one))?.[1])).to.deep.equal(['valid']);

      await without.folder.write({
        '002_drop.sql': `-- migrate:up transaction:false\n${path} drop index concurrently ${qualified};`,
      });
      await up();
      expect(await without.indexes()).to.deep.equal([]);
      await without.folder.write({
        '003_again.sql': `-- migrate:up transaction:false\n${path} drop index concurrently ${qualified};`,
      });
      const error = await failureOf(up());
      expect((error.cause as { code?: string }).code, 'what is not there is not dropped').to.equal('42704');
    });
  }

  it('CREATE INDEX CONCURRENTLY waits for an older transaction, whatever lockTimeoutMs, which holds for the next', async () => {
    await without.sql(items);
    await without.write(
      'create index concurrently item_name on item (name);\n' +
        "create table seen as select current_setting('lock_timeout') as timeout;",
    );
    await using holder = await holding("insert into item values (3, 'held')");
    const run = up({ lockTimeoutMs: 50, lockRetryMs: 0 });
    run.catch(() => undefined);
    await waiting();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await waiting();
    await holder[Symbol.asyncDispose]();
    expect((await run).steps.map(({ attempts }) => attempts)).to.deep.equal([1]);
    expect(await without.indexes()).to.include('item_name on item: valid');
    expect(await without.values('select timeout from seen')).to.deep.equal(['50ms']);
  });

  for (const statement of [
    'create index concurrently item_name on item (name)',
    'drop index concurrently item_old',
    'alter table part detach partition part_1 concurrently',
  ]) {
    it(`is known for done where only the count of it failed: ${statement}`, async () => {
      await without.sql(items, parts, 'create index item_old on item (name)');
      await without.manager().initialize();
      await without.sql(
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$",
        'create trigger refuse before update on db_resilience_migrations for each row ' +
          'when (new.statements_done = 1) execute function refuse()',
      );
      await without.write(`${statement};`);
      const error = await failureOf(up());
      expect((error.cause as { code?: string }).code, error.stack).to.equal('P0001');
      await without.sql('drop function refuse cascade');
      await without.expectState('unfinished', 1);
      await up();
      expect(await without.history()).to.deep.equal(['up done 1 of 1']);
    });
  }

  it('one is done once where its count has to wait for a lock', async () => {
    await without.sql(items);
    await without.write('create index concurrently item_name on item (name);');
    await without.manager().initialize();
    const holder = await holding("insert into item values (3, 'held')");
    const run = up({
      lockTimeoutMs: 50,
      onProgress: ({ kind }) => {
        if (kind === 'table-locked') void row?.[Symbol.asyncDispose]();
      },
    });
    run.catch(() => undefined);
    await waiting();
    const row = await holding('select from db_resilience_migrations for update');
    await holder[Symbol.asyncDispose]();
    const { steps } = await run.finally(() => row[Symbol.asyncDispose]());
    expect(steps[0]?.attempts).to.be.above(1);
    expect(await without.history()).to.deep.equal(['up done 1 of 1']);
  });

  it('one that cannot have its lock is tried until lockRetryMs, and then from there by the next run', async () => {
    await without.sql(items);
    await without.write('create table before (id int);\nalter table item add column more int;');
    const events: MigrationEvent[] = [];
    {
      await using _holder = await holding('select from item');
      const options = {
        lockTimeoutMs: 50,
        lockRetryMs: 1500,
        onProgress: (event: MigrationEvent) => events.push(event),
      };
      const error = await failureOf(up(options));
      expect(error, error.stack).to.include({ code: 'DB_MIGRATION_LOCKED', version: 1, file: '001_only.sql', line: 3 });
      expect(error.waitedMs).to.be.within(50, 6000);
    }
    const locked = events.filter(({ kind }) => kind === 'table-locked');
    expect(locked).to.not.deep.equal([]);
    expect(locked[0]).to.include({ tag: 'ALTER TABLE', line: 3, attempt: 1 });
    await without.expectState('unfinished', 1);
    expect(await without.history()).to.deep.equal(['up unfinished 1 of 2']);
    await up();
    expect(await without.values('select more from item')).to.deep.equal([null, null]);
  });

  it('one that has its lock in the end is done once', async () => {
    await without.sql(items);
    await without.write('update item set id = id + 10;\nalter table item add column more int;');
    const holder = await holding('select from item');
    const onProgress = ({ kind }: MigrationEvent) => {
      if (kind === 'table-locked') void holder[Symbol.asyncDispose]();
    };
    const { steps } = await up({ lockTimeoutMs: 50, onProgress });
    expect(steps[0]?.attempts).to.be.above(1);
    expect(await without.values('select id from item')).to.deep.equal([11, 12]);
  });

  const committing = 'do $$ begin for n in 1..2 loop update item set name = n where id = n; commit; end loop; end $$;';

  it('a DO that commits runs where it is said to be idempotent', async () => {
    await without.sql(items);
    await without.write(committing, '', 'idempotent:true');
    await up();
    expect(await without.values('select name from item order by id')).to.deep.equal(['1', '2']);
    expect(await without.history()).to.deep.equal(['up done 1 of 1']);
  });

  it('a DO that commits fails otherwise, is told of by its way out, and leaves nothing', async () => {
    await without.sql(items);
    await without.write(committing);
    const error = await failureOf(up());
    expect((error.cause as { code?: string }).code, error.stack).to.equal('2D000');
    expect(error.message).to.include('idempotent:true');
    expect(await without.values('select name from item')).to.deep.equal([null, null]);
    await without.write(committing, '', 'idempotent:true');
    await up();
    expect(await without.values('select name from item order by id')).to.deep.equal(['1', '2']);
  });

  it('a DO that fails in its midst is run again from its beginning, where it is said to be idempotent', async () => {
    await without.sql(items);
    const failing = committing.replace(
      'update',
      "if n = 2 and current_setting('my.way', true) is null then raise 'no'; end if; update",
    );
    await without.write(`select 1;\n${failing}`, '', 'idempotent:true');
    expect((await failureOf(up())).message).to.include('the next run finds out');
    expect(await without.values('select name from item order by id')).to.deep.equal(['1', null]);
    await without.write(`select 1;\nset my.way = 'on';\n${failing}`, '', 'idempotent:true');
    await up();
    expect(await without.values('select name from item order by id')).to.deep.equal(['1', '2']);
  });

  it('DETACH PARTITION CONCURRENTLY is done, and one that is none is refused by the server', async () => {
    await without.sql(parts);
    const detach = 'alter table part detach partition part_1 concurrently;';
    await without.write(detach);
    await up();
    expect(await without.values(partsLeft)).to.deep.equal(['part_2 f']);
    await without.folder.write({ '002_again.sql': `-- migrate:up transaction:false\n${detach}` });
    const error = await failureOf(up());
    expect(error.message, error.stack).to.include('"part_1" is not a partition');
    expect(error.message).to.include('statement 1 of 1');
  });

  it('DETACH PARTITION CONCURRENTLY is finished where it was cancelled half done', async () => {
    await without.sql(`create schema "S.1"; set search_path to "S.1"; ${parts}`);
    await without.write('alter table "S.1".part detach partition "S.1".part_1 concurrently;');
    const abort = new AbortController();
    {
      await using _holder = await holding('insert into "S.1".part values (1)');
      const run = failureOf(without.manager({ lockTimeoutMs: 20_000 }).up({ signal: abort.signal }));
      await waiting();
      abort.abort();
      expect(await run).to.include({ code: 'DB_CANCELLED' });
    }
    expect(await without.values(partsLeft)).to.deep.equal(['"S.1".part_1 t', '"S.1".part_2 f']);
    await without.expectState('unfinished', 1);
    await up();
    expect(await without.values(partsLeft)).to.deep.equal(['"S.1".part_2 f']);
    expect(await without.history()).to.deep.equal(['up done 1 of 1']);
  });

  it('REINDEX CONCURRENTLY clears away what an interrupted one has left', async () => {
    await without.sql(items, 'create table other (id int primary key)');
    await without.write('reindex table concurrently item;');
    const abort = new AbortController();
    {
      await using _holder = await holding("insert into item values (3, 'held')");
      const run = failureOf(without.manager().up({ signal: abort.signal }));
      await waiting();
      abort.abort();
      await run;
    }
    expect(await without.indexes()).to.include('item_pkey_ccnew on item: invalid');
    await without.write('reindex (concurrently on) table item;\nvacuum analyze item;\nvacuum (full) item;');
    await up();
    expect(await without.indexes()).to.deep.equal(['item_pkey on item: valid', 'other_pkey on other: valid']);
    expect(await without.history()).to.deep.equal(['up done 3 of 3']);
  });

  it('DROP INDEX CONCURRENTLY is finished where it was cancelled half done', async () => {
    await without.sql(items, 'create schema shop', 'create index item_name on item (name)');
    await without.write('drop index concurrently public.item_name;');
    const abort = new AbortController();
    {
      await using _holder = await holding('select name from item');
      const run = failureOf(without.manager().up({ signal: abort.signal }));
      await waiting();
      abort.abort();
      await run;
    }
    expect(await without.indexes()).to.include('item_name on item: invalid');
    await up();
    expect(await without.indexes()).to.deep.equal(['item_pkey on item: valid']);
  });
});
