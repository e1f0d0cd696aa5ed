import { expect } from 'chai';
import pg from 'pg';
import { lint } from '../../../lib/migrate/lint/lint.js';
import { readTableFacts } from '../../../lib/migrate/lint/read-table-facts.js';
import type { MigrationWarning } from '../../../lib/migrate/reports.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { statementsOf } from '../../unit/migrate/lint/lint-sql.js';

const schema = 'table_facts';
const quotedSchema = 'Table "Facts"';

describe('readTableFacts', () => {
  let server: PostgresServer;
  let client: pg.Client;
  const notices: string[] = [];

  before(async () => {
    server = await sharedPostgres();
    client = new pg.Client({ connectionString: server.connectionString });
    client.on('notice', ({ message }) => notices.push(message ?? ''));
    await client.connect();
    await client.query(`
      create schema ${schema};
      create schema ${pg.escapeIdentifier(quotedSchema)};
      set search_path to ${schema};
      create domain positive as int check (value > 0);
      create domain plain as int;
      create function steady() returns int language sql stable as 'select 1';
      create function steady(int) returns int language sql volatile as 'select 1';
      create table other (id int primary key);
      insert into other values (1);
      create table filled (
        id int primary key, a int, v varchar(10), n numeric(10, 2), ts timestamp(3), tz timestamptz, t text, net cidr,
        bits bit varying(5), c char(3), stored int generated always as (id + 1) stored,
        constraint a_there check (a is not null), constraint either_there check (a is not null or c is not null)
      );
      insert into filled (id, a, v, n) select i, 1, 'x', 1 from generate_series(1, 500) i;
      alter table filled add constraint v_there check (v is not null) not valid;
      create index filled_v on filled (v);
      create table bare (id int, t text);
      create table ${pg.escapeIdentifier(quotedSchema)}."Odd ""One""" ("Why?" int check ("Why?" is not null));
      create table parted (id int, t text) partition by range (id);
      create table part_1 partition of parted for values from (0) to (10);
      create table part_2 partition of parted for values from (10) to (20) partition by range (id);
      create table part_3 partition of part_2 for values from (10) to (20);
      insert into parted select i, repeat('x', 100) from generate_series(0, 19) i;
      create view shown as select 1 as x;
      create materialized view totals as select count(*) from filled;`);
  });

  after(async () => {
    await client.end();
    await server.query(`drop schema ${schema} cascade; drop schema ${pg.escapeIdentifier(quotedSchema)} cascade`);
  });

  const read = async (sql: string) =>
    readTableFacts(
      async (text, values) => (await client.query<Record<string, unknown>>(text, values)).rows,
      await statementsOf(sql),
    );
  const warningsOf = async (sql: string): Promise<MigrationWarning[]> => {
    const statements = await statementsOf(sql);
    const part = { file: '1_a.sql', text: sql, firstLine: 1, checksum: '', transaction: true, idempotent: false };
    return lint([{ version: 1, direction: 'up', part, statements }], await read(sql));
  };

  it('tells of the server, and of nothing where nothing is named', async () => {
    const { server_version_num: version } = (
      await client.query<{ server_version_num: string }>('show server_version_num')
    ).rows[0] ?? { server_version_num: '' };
    expect(await read('select 1')).to.deep.equal({
      serverVersion: Number(version),
      searchPath: [schema],
      tables: [],
      indexes: [],
      functions: [],
      constrainedDomains: [],
    });
  });

  it('tells the columns and checks of a table that is named, by its schema or by the search_path', async () => {
    for (const name of ['filled', `${schema}.filled`]) {
      const [filled, ...others] = (await read(`alter table ${name} add x int`)).tables;
      expect(others).to.deep.equal([]);
      expect(filled).to.deep.include({ schema, name: 'filled', kind: 'table' });
      const columns = Object.fromEntries((filled?.columns ?? []).map(({ name: column, ...rest }) => [column, rest]));
      const nullable = { notNull: false, isStored: false };
      expect(columns).to.deep.include({
        id: { type: 'int4', modifiers: [], notNull: true, isStored: false },
        v: { type: 'varchar', modifiers: [10], ...nullable },
        n: { type: 'numeric', modifiers: [10, 2], ...nullable },
        ts: { type: 'timestamp', modifiers: [3], ...nullable },
        stored: { type: 'int4', modifiers: [], notNull: false, isStored: true },
      });
      expect(filled?.checks).to.have.deep.members([
        { name: 'a_there', notNullOf: 'a', columns: ['a'], isValid: true },
        { name: 'either_there', notNullOf: undefined, columns: ['a', 'c'], isValid: true },
        { name: 'v_there', notNullOf: 'v', columns: ['v'], isValid: false },
      ]);
    }
    expect((await read('alter table public.filled add x int')).tables.map((table) => table.schema)).not.to.include(
      'public',
    );
  });

  it('finds names that have to be quoted, and what a SET search_path leads to', async () => {
    const name = 'Odd "One"';
    const wanted = {
      schema: quotedSchema,
      name,
      checks: [{ name: 'Odd "One"_Why?_check', notNullOf: 'Why?', columns: ['Why?'], isValid: true }],
    };
    const inFull = `drop table ${pg.escapeIdentifier(quotedSchema)}.${pg.escapeIdentifier(name)}`;
    expect((await read(inFull)).tables[0]).to.deep.include(wanted);
    const bySetting = `set search_path to ${pg.escapeIdentifier(quotedSchema)}; drop table ${pg.escapeIdentifier(name)}`;
    expect((await read(bySetting)).tables[0]).to.deep.include(wanted);
  });

  it('tells rows as far as they were counted, and emptiness always', async () => {
    const sizes = async (name: string) => {
      const found = (await read(`drop table ${name}`)).tables[0];
      return { rows: found?.rows, hasBytes: (found?.bytes ?? 0) > 0 };
    };
    await client.query('create table fresh (id int, t text); insert into fresh values (1)');
    expect(await sizes('fresh')).to.deep.equal({ rows: null, hasBytes: true });
    await client.query('analyze fresh');
    expect(await sizes('fresh')).to.deep.equal({ rows: 1, hasBytes: true });
    expect(await sizes('bare')).to.deep.equal({ rows: 0, hasBytes: false });
    expect(await sizes('shown')).to.deep.equal({ rows: 0, hasBytes: false });
  });

  it('adds up the partitions, those of partitions too', async () => {
    await client.query('analyze part_1; analyze part_3');
    const { tables } = await read('drop table parted, part_1, part_2, part_3, totals, shown');
    const of = (name: string) => tables.find((table) => table.name === name);
    expect(of('parted')).to.include({ kind: 'partitioned', rows: 20 });
    expect(of('parted')?.bytes).to.equal((of('part_1')?.bytes ?? 0) + (of('part_3')?.bytes ?? 0));
    expect(of('part_2')).to.include({ kind: 'partitioned', rows: 10 });
    expect(of('totals')?.kind).to.equal('materialized-view');
    expect(of('shown')?.kind).to.equal('view');
  });

  it('finds the table of an index, though no statement names it', async () => {
    const { indexes, tables } = await read('drop index filled_v');
    expect(indexes).to.deep.equal([{ schema, name: 'filled_v', table: { schema, name: 'filled' } }]);
    expect(tables.map(({ name }) => name)).to.deep.equal(['filled']);
  });

  it('calls a function volatile where one of its name is, and knows the domains with constraints', async () => {
    const { functions, constrainedDomains } = await read(
      'alter table filled add x int default steady(), add y uuid default gen_random_uuid(), add z timestamptz default now(), ' +
        'add p positive, add q plain',
    );
    expect(functions).to.have.deep.members([
      { schema, name: 'steady', isVolatile: true },
      { schema: 'pg_catalog', name: 'gen_random_uuid', isVolatile: true },
      { schema: 'pg_catalog', name: 'now', isVolatile: false },
    ]);
    expect(constrainedDomains).to.deep.equal([{ schema, name: 'positive' }]);
  });

  it('only reads', async () => {
    await client.query('begin read only');
    await read('alter table filled add x int; drop index filled_v');
    await client.query('commit');
  });

  describe('what the linter says is what the server does', () => {
    /** What a statement does to the rows of `filled`, in a transaction that is rolled back. */
    const done = async (sql: string, first = 'select 1') => {
      const node = async () =>
        (await client.query<{ node: number }>(`select pg_relation_filenode('filled') as node`)).rows[0]?.node;
      await client.query('begin');
      try {
        // A session whose time is UTC may take timestamp for timestamptz as it is.
        await client.query(`set local client_min_messages = debug1; set local timezone = 'Europe/Berlin'`);
        await client.query(first);
        const before = await node();
        notices.length = 0;
        await client.query(sql);
        const isRead = notices.some((notice) =>
          /^(?:verifying table|building index|validating foreign key)/.test(notice),
        );
        return (await node()) === before ? (isRead ? 'read' : 'left alone') : 'rewritten';
      } finally {
        await client.query('rollback');
      }
    };

    const alterations = {
      rewritten: [
        'add x uuid default gen_random_uuid()',
        'add x serial',
        'add x int generated always as identity',
        'add x int generated always as (id * 2) stored',
        'add x positive',
        'alter a type bigint using a',
        'alter v type varchar(9)',
        'alter n type numeric(12, 3)',
        'alter ts type timestamp(2)',
        'alter ts type timestamptz',
        'alter c type varchar(3)',
        'alter v type text using lower(v)',
        'set unlogged',
      ],
      read: [
        'add check (a > 0)',
        'add x int check (x > 0)',
        'add unique (id)',
        'add foreign key (a) references other',
        'add x int default 1 references other',
      ],
      'left alone': [
        'add x int',
        'add x int not null default 1',
        'add x timestamptz default now()',
        'add x plain',
        'add x int references other',
        'add check (a > 0) not valid',
        'add foreign key (a) references other not valid',
        'alter a set not null',
        'alter v type varchar(20)',
        'alter v type varchar',
        'alter v type text',
        'alter v type text using v::text',
        'alter t type varchar',
        'alter n type numeric(12, 2)',
        'alter n type numeric',
        'alter ts type timestamp(6)',
        'alter ts type timestamp',
        'alter net type inet',
        'alter bits type bit varying(9)',
      ],
    };

    for (const [what, actions] of Object.entries(alterations)) {
      for (const action of actions) {
        it(`ALTER TABLE ${action}: ${what}`, async () => {
          const sql = `alter table filled ${action}`;
          // For what is only read, a foreign key has a message of its own in some versions, and in some has none.
          if (!/references other$/.test(action) || what !== 'read') expect(await done(sql)).to.equal(what);
          expect(await warningsOf(sql)).to.have.lengthOf(what === 'left alone' ? 0 : 1);
        });
      }
    }

    it('SET NOT NULL reads the table unless a valid check spares it', async () => {
      expect(await done('alter table filled alter v set not null')).to.equal('read');
      const validate = 'alter table filled validate constraint v_there';
      expect(await done('alter table filled alter v set not null', validate)).to.equal('left alone');
    });

    it('a new type that rewrites nothing has a valid check on the column tried anew', async () => {
      const alter = 'alter table filled alter v type text';
      expect(await done(alter, 'alter table filled validate constraint v_there')).to.equal('read');
      expect(await done(alter, 'alter table filled drop constraint v_there')).to.equal('left alone');
    });

    it('NOT NULL without a default fails where there are rows, and only there', async () => {
      const refused = await done('alter table filled add x int not null').catch((error: unknown) => error);
      expect(refused).to.include({ code: '23502' });
      expect(await warningsOf('alter table filled add x int not null')).to.have.lengthOf(1);
      await done('alter table bare add x int not null');
      expect(await warningsOf('alter table bare add x int not null')).to.deep.equal([]);
    });

    it('IF NOT EXISTS is content with an index that is not valid', async () => {
      await client.query('create table twice (id int); insert into twice values (1), (1)');
      const make = 'create unique index concurrently if not exists twice_id on twice (id)';
      expect(await client.query(make).catch((error: unknown) => error)).to.include({ code: '23505' });
      await client.query(make);
      const { rows } = await client.query(`select indisvalid from pg_index where indexrelid = 'twice_id'::regclass`);
      expect(rows).to.deep.equal([{ indisvalid: false }]);
      expect((await warningsOf(make)).map(({ rule }) => rule)).to.deep.equal(['concurrently-if-not-exists']);
    });
  });
});
