import type { Row, Rig } from './rig.js';

const asFunction = (body: string, returns = 'int') =>
  `create or replace function pg_temp.f() returns ${returns} language plpgsql as $$ ${body} $$`;

/** One session's statements, the last of which fails. */
function sql(told: string, kind: Row['kind'], ...statements: string[]): Row {
  return { name: told, told, kind, produce: (rig) => rig.sql(...statements) };
}

/** Two sessions that stand in each other's way. */
function two(told: string, row: Partial<Row> & Pick<Row, 'kind'>, produce: Row['produce']): Row {
  return { name: `${told} of two sessions`, told, produce, ...row };
}

const prepare = 'create temp table t (id int primary key check (id < 9), v varchar(2) not null)';

/** What the server says to a statement; each undone, none the fault of the database. */
export const statements: Row[] = [
  {
    ...sql('08P01', 'syntax'),
    name: '08P01, a value too few',
    produce: async (rig) => rig.failure((await rig.open()).query('select $1::int, $2::int', [1])),
  },
  sql('0A000', 'unsupported', prepare, 'select count(*) from t for update'),
  sql('0LP01', 'permission', prepare, 'grant select on t to public with grant option'),
  sql('0Z002', 'other', 'do $$ declare x text; begin get stacked diagnostics x = message_text; end $$'),
  sql('20000', 'raised', 'do $$ begin case 1 when 2 then null; end case; end $$'),
  sql('21000', 'data', 'select (select 1 union all select 2)'),
  sql('22001', 'data', prepare, `insert into t values (1, 'long')`),
  sql('22003', 'data', 'select 300::smallint * 300::smallint'),
  sql('22012', 'data', 'select 1 / 0'),
  sql('22P02', 'data', `select 'x'::int`),
  sql('23502', 'constraint', prepare, 'insert into t values (1)'),
  sql('23503', 'constraint', prepare, 'create temp table u (id int references t)', 'insert into u values (1)'),
  sql('23505', 'constraint', prepare, `insert into t values (1, ''), (1, '')`),
  sql('23514', 'constraint', prepare, `insert into t values (9, '')`),
  sql(
    '23P01',
    'constraint',
    'create temp table r (r int4range, exclude using gist (r with &&))',
    `insert into r values ('[1,3]'), ('[2,4]')`,
  ),
  sql(
    '24000',
    'transaction-state',
    prepare,
    'begin',
    'declare c cursor for select * from t',
    `update t set v = '' where current of c`,
  ),
  sql('25001', 'transaction-state', 'begin', 'vacuum'),
  { ...sql('25006', 'read-only', 'begin read only', 'create table never (id int)'), retry: 'statement' },
  {
    ...sql('25006', 'read-only', 'begin read only', 'create table never (id int)'),
    name: '25006 in a transaction',
    phase: 'transaction',
    retry: 'transaction',
  },
  sql('25P01', 'transaction-state', 'savepoint s'),
  { ...sql('25P02', 'transaction-state'), phase: 'transaction', produce: failedBlock },
  { ...sql('26000', 'stale-plan', 'execute nope'), retry: 'statement' },
  { ...sql('26000', 'stale-plan', 'execute nope'), name: '26000 in a transaction', phase: 'transaction' },
  sql('27000', 'raised', ...selfModifying()),
  sql('2BP01', 'constraint', prepare, 'create temp view v as select * from t', 'drop table t'),
  sql('2D000', 'transaction-state', asFunction('begin commit; return 1; end'), 'select pg_temp.f()'),
  sql('2F005', 'raised', asFunction('begin end'), 'select pg_temp.f()'),
  sql('34000', 'transaction-state', 'fetch from nope'),
  sql('39P01', 'raised', ...wrongTrigger()),
  sql('3B001', 'transaction-state', 'begin', 'rollback to savepoint nope'),
  sql('3F000', 'syntax', 'create table nope.t (id int)'),
  sql('42501', 'permission', 'set role pg_monitor', 'create role never'),
  sql('42601', 'syntax', 'selec 1'),
  sql('42703', 'syntax', 'select nope'),
  sql('42883', 'syntax', 'select nope()'),
  sql('42P01', 'syntax', 'select * from nope'),
  sql('42P05', 'syntax', 'prepare p as select 1', 'prepare p as select 1'),
  sql(
    '44000',
    'constraint',
    prepare,
    'create temp view w as select * from t where id < 2 with check option',
    `insert into w values (3, '')`,
  ),
  sql(
    '53400',
    'resource',
    `set temp_file_limit = '1MB'`,
    `set work_mem = '64kB'`,
    'select count(*) from (select g from generate_series(1, 500000) g order by md5(g::text)) s',
  ),
  sql(
    '54000',
    'resource',
    'create temp table b (v text unique)',
    `insert into b select string_agg(md5(g::text), '') from generate_series(1, 2000) g`,
  ),
  sql('54001', 'resource', asFunction('begin return pg_temp.f(); end'), 'select pg_temp.f()'),
  sql(
    '54011',
    'resource',
    `create temp table c (${Array.from({ length: 1601 }, (_, i) => `c${String(i)} int`).join()})`,
  ),
  sql('54023', 'resource', `select nope(${Array.from({ length: 101 }, () => '1').join()})`),
  sql('55000', 'other', 'create temp sequence s', `select currval('s')`),
  sql('55006', 'other', 'drop database postgres'),
  sql('55P02', 'other', 'set max_connections = 5'),
  {
    ...sql('57014', 'timeout', 'set statement_timeout = 20', 'select pg_sleep(9)'),
    name: '57014 by statement_timeout',
    circuit: true,
  },
  { ...sql('57014', 'cancelled'), name: '57014 by a CancelRequest', produce: cancelled },
  { ...sql('58P01', 'internal', `select pg_read_file('nope')`), circuit: true },
  sql('P0001', 'raised', `do $$ begin raise exception 'no'; end $$`),
  sql('P0002', 'raised', 'do $$ declare x int; begin select 1 into strict x where false; end $$'),
  sql('P0003', 'raised', 'do $$ declare x int; begin select g into strict x from generate_series(1, 2) g; end $$'),
  sql('P0004', 'raised', 'do $$ begin assert false; end $$'),
  sql('U0001', 'raised', `do $$ begin raise 'no' using errcode = 'U0001'; end $$`),
  two('40001', { kind: 'serialization', retry: 'statement' }, serialization),
  two('40001', { name: '40001 at COMMIT', kind: 'serialization', phase: 'commit', retry: 'transaction' }, writeSkew),
  two('40P01', { kind: 'deadlock', retry: 'statement' }, deadlock),
  two(
    '40P01',
    { name: '40P01 in a transaction', kind: 'deadlock', phase: 'transaction', retry: 'transaction' },
    deadlock,
  ),
  two('55P03', { kind: 'lock-timeout', retry: 'statement' }, locked),
  two('55P03', { name: '55P03 in a transaction', kind: 'lock-timeout', phase: 'transaction' }, locked),
  two('55P04', { kind: 'other', name: '55P04' }, (rig) =>
    rig.sql(`create type mood as enum ('a')`, 'begin', `alter type mood add value 'b'`, `select 'b'::mood`),
  ),
  two('0A000', { name: '0A000 of a stale plan', kind: 'stale-plan', retry: 'statement' }, stalePlan),
  two(
    '0A000',
    { name: '0A000 of a stale plan in a transaction', kind: 'stale-plan', phase: 'transaction', retry: 'transaction' },
    stalePlan,
  ),
];

function selfModifying(): string[] {
  return [
    'create temp table m (id int, v int)',
    'insert into m values (1, 1)',
    `create function pg_temp.again() returns trigger language plpgsql as $$
       begin update m set v = 2 where id = old.id; return new; end $$`,
    'create trigger again before update of id on m for each row execute function pg_temp.again()',
    'update m set id = 2',
  ];
}

function wrongTrigger(): string[] {
  return [
    'create temp table w as select 1 as id',
    'create trigger w after update on w for each row execute function suppress_redundant_updates_trigger()',
    'update w set id = 2',
  ];
}

async function failedBlock(rig: Rig): Promise<Error> {
  const client = await rig.open();
  await client.query('begin');
  await rig.failure(client.query('select 1 / 0'));
  return rig.failure(client.query('select 1'));
}

async function cancelled(rig: Rig): Promise<Error> {
  const { pid, failure } = await rig.sleeping(await rig.open());
  await rig.server.query('select pg_cancel_backend($1)', [pid]);
  return failure;
}

async function pair(rig: Rig, begin: string) {
  const [one, other] = [await rig.open(), await rig.open()];
  await rig.server.query('drop table if exists pair');
  await rig.server.query('create table pair as select g as id, 0 as v from generate_series(1, 2) g');
  for (const client of [one, other]) await client.query(begin);
  return [one, other] as const;
}

async function serialization(rig: Rig): Promise<Error> {
  const [one, other] = await pair(rig, 'begin isolation level repeatable read');
  await other.query('select * from pair');
  await one.query('update pair set v = 1 where id = 1');
  await one.query('commit');
  return rig.failure(other.query('update pair set v = 2 where id = 1'));
}

async function writeSkew(rig: Rig): Promise<Error> {
  const [one, other] = await pair(rig, 'begin isolation level serializable');
  for (const client of [one, other]) await client.query('select sum(v) from pair');
  await one.query('update pair set v = 1 where id = 1');
  await other.query('update pair set v = 1 where id = 2');
  await one.query('commit');
  return rig.failure(other.query('commit'));
}

async function deadlock(rig: Rig): Promise<Error> {
  const [one, other] = await pair(rig, `begin; set local deadlock_timeout = '20ms'`);
  await one.query('update pair set v = 1 where id = 1');
  await other.query('update pair set v = 1 where id = 2');
  const both = await Promise.allSettled([
    one.query('update pair set v = 1 where id = 2'),
    other.query('update pair set v = 1 where id = 1').then(() => other.query('commit')),
  ]);
  const failed = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  return failed.reason as Error;
}

async function locked(rig: Rig): Promise<Error> {
  const [one, other] = await pair(rig, 'begin');
  await one.query('update pair set v = 1');
  return rig.failure(other.query('select * from pair for update nowait'));
}

async function stalePlan(rig: Rig): Promise<Error> {
  await rig.server.query('drop table if exists planned');
  await rig.server.query('create table planned (id int)');
  const client = await rig.open();
  await client.query({ name: 'plan', text: 'select * from planned' });
  await rig.server.query('alter table planned add column more int');
  return rig.failure(client.query({ name: 'plan', text: 'select * from planned' }));
}
