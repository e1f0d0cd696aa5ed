import { expect } from 'chai';
import { rules } from '../../../../lib/migrate/lint/rules/index.js';
import { facts, lintSql, table, type Sql } from './lint-sql.js';

interface Cases {
  /** Each gives this warning, once, and no other. */
  readonly warns: readonly (Sql | readonly Sql[])[];
  /** Each gives no warning at all. */
  readonly silent: readonly (Sql | readonly Sql[])[];
}

const autonomous = (text: string): Sql => ({ text, transaction: false });
const down = (text: string): Sql => ({ text, direction: 'down' });

const cases: Readonly<Record<string, Cases>> = {
  'index-not-concurrently': {
    warns: [
      'create index i on big (a)',
      'create unique index on small (a)',
      'create index on public.big (a)',
      'create index on parted (a)',
      'create index if not exists i on "User" (a)',
    ],
    silent: [
      autonomous('create index concurrently i on big (a)'),
      'create index i on bare (a)',
      'create index i on only parted (a)',
      'create table t (a int); create index on t (a)',
      'create index i on unknown (a)',
    ],
  },
  'drop-index-not-concurrently': {
    warns: [
      'drop index small_i',
      'drop index if exists public.big_i',
      down('drop index big_i'),
      'alter index big_i rename to j; drop index j',
    ],
    silent: [
      autonomous('drop index concurrently big_i'),
      'drop index bare_i',
      'drop index unknown',
      'create table t (a int); create index i on t (a); drop index i',
    ],
  },
  'concurrently-if-not-exists': {
    warns: [
      autonomous('create index concurrently if not exists i on big (a)'),
      autonomous('drop index concurrently if exists j; create index concurrently if not exists i on big (a)'),
    ],
    silent: [
      autonomous('drop index concurrently if exists i; create index concurrently if not exists i on big (a)'),
      ['create table t (a int)', autonomous('create index concurrently if not exists i on t (a)')],
    ],
  },
  'reindex-not-concurrently': {
    warns: ['reindex table small', 'reindex index big_i', 'reindex schema public', 'reindex (verbose) table big'],
    silent: [
      autonomous('reindex index concurrently big_i'),
      autonomous('reindex (concurrently) table big'),
      'reindex table bare',
    ],
  },
  'add-column-volatile-default': {
    warns: [
      'alter table small add x float default random()',
      'alter table small add x float default 1 + coalesce(random(), 2)',
      'alter table small add x int default unknown_function()',
      'alter table small add x bigserial',
      'alter table small add x int generated always as identity',
      'alter table small add x int generated always as (a + 1) stored',
      'alter table small add x positive',
      'alter table only big add a2 int, add x float default random()',
    ],
    silent: [
      'alter table big add x int',
      'alter table big add x int default 1',
      'alter table big add x timestamptz not null default now()',
      'alter table big add x timestamptz default current_timestamp',
      'alter table big add x int generated always as (a + 1) virtual',
      'alter table bare add x serial',
      'alter table big alter a set default random()',
    ],
  },
  'add-not-null-column-without-default': {
    warns: [
      'alter table small add x int not null',
      'alter table small add x int not null default null',
      'alter table small add x text not null default null::text',
    ],
    silent: [
      'alter table big add x int not null default 1',
      'alter table bare add x int not null',
      'alter table big add x int null',
    ],
  },
  'set-not-null': {
    warns: [
      'alter table big alter a set not null',
      'alter table big alter doubtful set not null',
      'alter table big add constraint c not null a',
      ['alter table big add constraint c check (a is not null) not valid', 'alter table big alter a set not null'],
      [
        'alter table big add constraint c check (a is not null or v is not null) not valid; ',
        'alter table big validate constraint c',
        'alter table big alter a set not null',
      ],
      ['alter table big drop constraint checked_there', 'alter table big alter checked set not null'],
      'alter table big alter id drop not null; alter table big alter id set not null',
    ],
    silent: [
      'alter table small alter a set not null',
      'alter table big alter checked set not null',
      'alter table big alter id set not null',
      'alter table big rename constraint checked_there to c; alter table big alter checked set not null',
      ['alter table big validate constraint doubtful_there', 'alter table big alter doubtful set not null'],
      [
        'alter table big add constraint c check (a is not null) not valid',
        'alter table big validate constraint c; alter table big alter a set not null; alter table big drop constraint c',
      ],
      [
        'alter table big add check (a is not null) not valid',
        'alter table big validate constraint big_a_check',
        'alter table big alter a set not null',
      ],
      [
        'alter table big add constraint c not null a not valid',
        'alter table big validate constraint c',
        'alter table big alter a set not null',
      ],
    ],
  },
  'change-type': {
    warns: [
      'alter table small alter a type bigint',
      'alter table small alter v type varchar(9)',
      'alter table small alter v type char(20)',
      'alter table small alter n type numeric(12, 3)',
      'alter table small alter n type numeric(9, 2)',
      'alter table small alter n type numeric(12)',
      'alter table small alter ts type timestamp(2)',
      'alter table small alter ts type timestamptz',
      'alter table small alter t type varchar(10)',
      'alter table small alter v type text using lower(v)',
      'alter table small alter v type text using t',
      'alter table small alter v type text using t::text',
      'alter table small alter v type varchar(20)[] using array[v]',
      'alter table small alter v type text collate "C"',
      ['alter table small alter v type varchar(20)', 'alter table small alter v type varchar(15)'],
      [
        "alter table big add constraint c check (v <> '' or a > 0) not valid",
        'alter table big validate constraint c',
        'alter table big rename constraint c to d; alter table big alter v type text',
      ],
    ],
    silent: [
      'alter table big alter v type varchar(20)',
      'alter table big alter v type varchar(10)',
      'alter table big alter v type varchar',
      'alter table big alter v type text',
      'alter table big alter v type text using v',
      'alter table big alter v type text using v::text',
      'alter table big alter t type varchar',
      'alter table big alter n type numeric(12, 2)',
      'alter table big alter n type numeric',
      'alter table big alter ts type timestamp(6)',
      'alter table big alter ts type timestamp',
      'alter table bare alter a type bigint',
      ["alter table big add constraint c check (v <> '') not valid", 'alter table big alter v type text'],
      'alter table small alter checked type int',
    ],
  },
  'set-generated-expression': {
    warns: ['alter table small alter stored set expression as (a + 2)'],
    silent: [
      'alter table big alter virtual set expression as (a + 2)',
      'alter table bare alter stored set expression as (1)',
    ],
  },
  'add-foreign-key-without-not-valid': {
    warns: [
      'alter table small add foreign key (a) references big (id)',
      'alter table small add constraint f foreign key (a) references unknown (id)',
      'alter table small add x int default 1 references big (id)',
    ],
    silent: [
      'alter table big add foreign key (a) references small (id) not valid',
      'alter table big add x int references small (id)',
      'alter table bare add foreign key (a) references big (id)',
      'create table t (a int references big (id)); alter table t add foreign key (a) references big (id)',
    ],
  },
  'add-check-without-not-valid': {
    warns: ['alter table small add check (a > 0)', 'alter table small add x int default 1 check (x > 0)'],
    silent: [
      'alter table big add check (a > 0) not valid',
      'alter table big add check (a > 0) not enforced',
      'alter table big add x int check (x > 0) not enforced',
      'alter table bare add check (a > 0)',
    ],
  },
  'validate-under-lock': {
    warns: [
      'alter table small add constraint c check (a > 0) not valid; alter table small validate constraint c',
      'alter table small add constraint c check (a > 0) not valid, validate constraint c',
    ],
    silent: [
      'alter table big validate constraint doubtful_there',
      ['alter table big add constraint c check (a > 0) not valid', 'alter table big validate constraint c'],
      autonomous('alter table big add constraint c check (a > 0) not valid; alter table big validate constraint c'),
      'alter table big alter a set statistics 100; alter table big validate constraint doubtful_there',
    ],
  },
  'add-unique-or-primary-key-without-using-index': {
    warns: [
      'alter table small add unique (a)',
      'alter table small add constraint k primary key (id)',
      'alter table small add x int unique',
    ],
    silent: [
      [
        autonomous('create unique index concurrently k on big (id)'),
        'alter table big add constraint k primary key using index k',
      ],
      'alter table bare add unique (a)',
    ],
  },
  'add-exclusion-constraint': {
    warns: ['alter table small add exclude using gist (a with =)'],
    silent: ['alter table bare add exclude using gist (a with =)'],
  },
  'rename-table': {
    warns: [
      'alter table bare rename to b',
      'alter view shown rename to b',
      'alter table small set schema app',
      'alter table app.other rename to b',
      down('alter table bare rename to b'),
    ],
    silent: [
      'create table t (a int); alter table t rename to u; create index on u (a)',
      'alter index big_i rename to j',
      'alter table unknown rename to b',
      'alter table other rename to b',
    ],
  },
  'rename-column': {
    warns: ['alter table bare rename a to b', 'alter table big rename column a to b'],
    silent: [
      'alter table big add x int; alter table big rename x to y; alter table big drop y',
      'create table t (a int); alter table t rename a to b',
      'alter table big rename constraint checked_there to c',
    ],
  },
  'drop-table': {
    warns: [
      'drop table bare',
      'drop table if exists public.big',
      down('drop table small'),
      'drop table app.other, unknown',
    ],
    silent: [
      'create table t (a int); drop table t',
      'drop table if exists unknown',
      'drop view shown',
      'create temp table bare (a int); drop table bare',
    ],
  },
  'drop-column': {
    warns: ['alter table bare drop a', 'alter table big drop column if exists a', down('alter table big drop a')],
    silent: [
      'alter table big add x int; alter table big drop x',
      'alter table big drop column if exists unknown',
      'alter table big drop constraint checked_there',
    ],
  },
  'drop-database': { warns: [autonomous('drop database d')], silent: ['drop role r'] },
  'drop-with-cascade': {
    warns: [
      'drop view shown cascade',
      'drop schema app cascade',
      'drop function f(int) cascade',
      'alter table big drop constraint checked_there cascade',
      autonomous('drop index concurrently big_i cascade'),
    ],
    silent: [
      'drop function f(int)',
      'create table t (a int); drop table t cascade',
      'drop view if exists unknown cascade',
    ],
  },
  truncate: {
    warns: ['truncate small', 'truncate bare, public.big cascade'],
    silent: ['truncate bare', 'create temp table big (a int); truncate big'],
  },
  'update-or-delete-without-where': {
    warns: ['update big set a = 1', 'delete from small', 'delete from big using small'],
    silent: [
      'update big set a = 1 where id < 1000',
      'update small set a = 1',
      'delete from bare',
      'delete from big where id < 1000',
    ],
  },
  'write-under-lock': {
    warns: [
      'alter table big add x int; update big set x = 1 where id < 1000',
      'alter table big alter a drop default; delete from big where a = 1',
    ],
    silent: [
      ['alter table big add x int', 'update big set x = 1 where id < 1000'],
      autonomous('alter table big add x int; update big set x = 1 where id < 1000'),
      'alter table small add x int; update small set x = 1 where id < 1000',
      'alter table small add x int; update big set a = 1 where id < 1000',
    ],
  },
  'vacuum-full': {
    warns: ['vacuum full small', 'vacuum full', 'vacuum (full true) big', 'vacuum (full, analyze) bare, big'].map(
      autonomous,
    ),
    silent: [
      'vacuum big',
      'vacuum (full false) big',
      'vacuum (full 0) big',
      'vacuum (analyze) big',
      'vacuum full bare',
      'analyze big',
    ].map(autonomous),
  },
  cluster: {
    warns: ['cluster small using small_i', autonomous('cluster')],
    silent: ['cluster bare using bare_i', 'alter table big cluster on big_i'],
  },
  'set-logged-or-unlogged': {
    warns: ['alter table small set unlogged', 'alter table big set logged'],
    silent: ['alter table bare set unlogged', 'create table t (a int); alter table t set unlogged'],
  },
  'set-tablespace': {
    warns: [
      'alter table small set tablespace s',
      'alter table all in tablespace r set tablespace s',
      'alter materialized view totals set tablespace s',
    ],
    silent: ['alter table bare set tablespace s'],
  },
  'set-access-method': {
    warns: ['alter table small set access method m'],
    silent: ['alter table bare set access method m', 'alter table big set (fillfactor = 70)'],
  },
  'attach-partition-without-check': {
    warns: [
      'alter table small drop constraint checked_there; alter table parted attach partition small for values in (1)',
    ],
    silent: [
      'alter table parted attach partition small for values in (1)',
      'alter table parted attach partition bare for values in (1)',
      'create table p (a int); alter table parted attach partition p default',
    ],
  },
  'detach-partition-not-concurrently': {
    warns: ['alter table parted detach partition small'],
    silent: [autonomous('alter table parted detach partition small concurrently')],
  },
  'lock-table': {
    warns: ['lock table big', 'lock table bare in share mode', 'lock table unknown, big in exclusive mode'],
    silent: [
      'lock table big in row exclusive mode',
      'lock table big in access share mode',
      'create table t (a int); lock table t',
    ],
  },
  'refresh-materialized-view-not-concurrently': {
    warns: ['refresh materialized view totals', 'refresh materialized view public.totals with no data'],
    silent: [
      'refresh materialized view concurrently totals',
      'create materialized view m as select 1; refresh materialized view m',
    ],
  },
};

const listOf = (entry: Sql | readonly Sql[]): readonly Sql[] =>
  Array.isArray(entry) ? (entry as readonly Sql[]) : [entry as Sql];
const textOf = (entry: Sql | readonly Sql[]) =>
  listOf(entry)
    .map((sql) => (typeof sql === 'string' ? sql : [sql.text, sql.direction ?? ''].join(' ').trim()))
    .join(' | ');

describe('the rules for statements on a live database', () => {
  it('have cases here, each of them', () => {
    expect([...new Set(rules.map(({ name }) => name))].sort()).to.deep.equal(Object.keys(cases).sort());
  });

  for (const [rule, { warns, silent }] of Object.entries(cases)) {
    describe(rule, () => {
      for (const entry of warns) {
        it(`warns of ${textOf(entry)}`, async () => {
          const warnings = await lintSql(listOf(entry));
          expect(warnings.map((warning) => warning.rule)).to.deep.equal([rule]);
        });
      }
      for (const entry of silent) {
        it(`is silent about ${textOf(entry)}`, async () => {
          const warnings = await lintSql(listOf(entry));
          expect(warnings.filter((warning) => warning.rule === rule)).to.deep.equal([]);
        });
      }
    });
  }

  it('say what is lost where a way down drops', async () => {
    const [first, second] = await lintSql([down('drop table big; alter table small drop a')]);
    expect(first?.message).to.match(/^The way down drops public\.big \(about 1,000,000 rows, 200\.0 MB\): /);
    expect(second?.message).to.match(/^The way down drops a of public\.small \(about 3 rows, 9 kB\): /);
  });

  it('ask for DETACH CONCURRENTLY only where the server has it', async () => {
    const text = 'alter table parted detach partition small';
    expect(await lintSql([text], facts({ serverVersion: 130_000 }))).to.deep.equal([]);
    expect(await lintSql([text], facts({ serverVersion: 140_000 }))).to.have.lengthOf(1);
  });

  it('call a table big by its rows or by its size', async () => {
    const text = 'alter table t alter a set not null';
    const isBig = async (rows: number | null, bytes: number) =>
      (await lintSql([text], facts({ tables: [table('t', rows, bytes)] }))).length === 1;
    expect(await isBig(10_000, 8192)).to.equal(true);
    expect(await isBig(9_999, 9_999_999)).to.equal(false);
    expect(await isBig(1, 10_000_000)).to.equal(true);
    expect(await isBig(null, 10_000_000)).to.equal(true);
    expect(await isBig(null, 8192)).to.equal(false);
  });
});
