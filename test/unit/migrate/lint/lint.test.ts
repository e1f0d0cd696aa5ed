import { expect } from 'chai';
import { facts, lintSql, table } from './lint-sql.js';

const rulesOf = async (...migrations: Parameters<typeof lintSql>[0]) =>
  (await lintSql(migrations)).map(({ rule }) => rule);

describe('lint', () => {
  it('tells where the statement is, what it does, and what to do instead', async () => {
    const text = '\n-- why\ncreate table t (a int);\n  create index i on "User" (a)';
    expect(await lintSql([{ text, firstLine: 5 }])).to.deep.equal([
      {
        rule: 'index-not-concurrently',
        version: 1,
        direction: 'up',
        file: '1_a.sql',
        line: 8,
        column: 3,
        message:
          'CREATE INDEX holds a SHARE lock on public."User" (about 3 rows, 9 kB) until it is built: reads go on, every INSERT, ' +
          'UPDATE and DELETE waits.',
        safe_way:
          'CREATE INDEX CONCURRENTLY i ON public."User" (…), in a migration of its own, marked `-- migrate:up transaction:false`.',
      },
    ]);
  });

  it('tells no literal', async () => {
    const text = `update big set t = 'hush'; alter table big add x text default 'hush' || random(); delete from big`;
    const warnings = await lintSql([text]);
    expect(warnings).to.have.lengthOf(4);
    expect(JSON.stringify(warnings)).not.to.include('hush');
  });

  it('is silent on an empty database', async () => {
    const first = `
      create table t (id bigserial primary key, a int not null references t, v varchar(10) unique);
      create index t_a on t (a);
      alter table t add constraint c check (a > 0), add x uuid not null default gen_random_uuid();
      create materialized view m as select * from t;
      insert into t (a) values (1); update t set a = 2; delete from t; truncate t;
      refresh materialized view m;`;
    const second =
      'alter table t alter v type int using 1, drop x cascade; drop index t_a; alter table t rename to u; drop table u';
    expect(await lintSql([first, second], facts({ tables: [], indexes: [] }))).to.deep.equal([]);
  });

  it('follows a table through its new names', async () => {
    expect(await rulesOf('alter table big rename to huge', 'drop table huge')).to.deep.equal([
      'rename-table',
      'drop-table',
    ]);
    expect(await rulesOf('alter table small set schema app; drop table app.small')).to.have.lengthOf(2);
    expect(await rulesOf('create table t (a int); alter table t set schema app; drop table app.t')).to.deep.equal([]);
  });

  it('knows that a table was dropped and created anew', async () => {
    expect(await rulesOf('drop table small; create table small (a int); create index on small (a)')).to.deep.equal([
      'drop-table',
    ]);
    expect(await rulesOf('create table if not exists small (a int); create index on small (a)')).to.deep.equal([
      'index-not-concurrently',
    ]);
  });

  it('follows columns, checks and indexes through their new names', async () => {
    expect(
      await rulesOf('alter table big add x int; alter table big rename x to y; alter table big drop y'),
    ).to.deep.equal([]);
    const renamed = '-- lint:allow rename-column\nalter table big rename checked to c;\n';
    expect(await rulesOf(`${renamed}alter table big alter c set not null`)).to.deep.equal([]);
    expect(await rulesOf(`${renamed}alter table big alter c type int`)).to.deep.equal(['change-type']);
    expect(await rulesOf('drop index big_i; drop index big_i')).to.deep.equal(['drop-index-not-concurrently']);
  });

  it('writes names as SQL needs them', async () => {
    const named = facts({ tables: [table('order', 3, 8192), table('a"b', 3, 8192)] });
    const [first, second] = await lintSql(['drop table "order"; drop table "a""b"'], named);
    expect(first?.safe_way).to.include('public."order"');
    expect(second?.safe_way).to.include('public."a""b"');
  });

  it('looks where the search_path says, for that migration alone', async () => {
    expect(await rulesOf('set search_path to app', 'drop table other')).to.deep.equal([]);
    expect(await rulesOf('drop table other')).to.deep.equal([]);
    expect(await rulesOf('set search_path to app, public; drop table other')).to.deep.equal(['drop-table']);
    expect(
      await rulesOf('set search_path to app; create table big (a int); drop table big; drop table public.big'),
    ).to.deep.equal(['drop-table']);
  });

  it('takes a temporary table before any other of its name', async () => {
    expect(await rulesOf('create temp table big (a int); drop table big; drop table public.big')).to.deep.equal([
      'drop-table',
    ]);
  });

  describe('lint:allow', () => {
    it('silences the rules that the lines before a statement name, and no other', async () => {
      expect(await rulesOf('-- lint:allow drop-table\ndrop table big')).to.deep.equal([]);
      expect(await rulesOf('-- lint:allow drop-table: nobody reads it\n-- since spring\ndrop table big')).to.deep.equal(
        [],
      );
      expect(await rulesOf('--lint:allow drop-with-cascade, drop-table\n  drop table big cascade')).to.deep.equal([]);
      expect(await rulesOf('-- lint:allow drop-table\ndrop table big cascade')).to.deep.equal(['drop-with-cascade']);
      expect(await rulesOf('-- lint:allow drop\ndrop table big')).to.deep.equal(['drop-table']);
    });

    it('counts the lines of the file', async () => {
      const text = '\n-- lint:allow drop-table\ndrop table big;';
      expect(await rulesOf({ text, firstLine: 12 })).to.deep.equal([]);
    });

    it('is for one statement', async () => {
      expect(await rulesOf('-- lint:allow drop-table\ndrop table big;\ndrop table small')).to.have.lengthOf(1);
      expect(await rulesOf('-- lint:allow drop-table\ndrop table big; drop table small')).to.have.lengthOf(1);
      expect(await rulesOf('-- lint:allow drop-table\n\ndrop table big')).to.have.lengthOf(1);
    });

    it('leaves what the statement does known', async () => {
      expect(await rulesOf('-- lint:allow drop-table\ndrop table big;\ndrop table big')).to.deep.equal([]);
    });
  });
});
