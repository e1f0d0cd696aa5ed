import type { MigrationFiles } from './migrations.js';

/** Migrations that make objects of every kind, and change and remove them again. */
export const allKinds: MigrationFiles = {
  '001_tables.sql': `
-- migrate:up
create schema shop authorization current_user;
comment on schema shop is 'All that is sold';
create type shop.mood as enum ('sad', 'ok', 'happy');
create domain shop.price as numeric(10, 2) default 1 not null constraint positive check (value >= 0);
create type shop.size as (width int, height int);
create type shop.span as range (subtype = float8);
create sequence shop.numbers as bigint increment 5 start 100 cache 3;
create table shop.customers (
  id int generated always as identity (start with 10) primary key,
  name text collate "C" not null constraint named check (name <> ''),
  mood shop.mood not null default 'ok',
  room shop.size,
  born date,
  upper_name text generated always as (upper(name)) stored,
  unique (name, born)
) with (fillfactor = 70);
create table shop.orders (
  id bigint primary key default nextval('shop.numbers'),
  customer int not null references shop.customers on delete cascade deferrable initially deferred,
  total shop.price,
  during int4range,
  notes jsonb,
  exclude using gist (during with &&)
);
alter sequence shop.numbers owned by shop.orders.id;
create unlogged table shop.scratch (at timestamptz default now());
create index orders_customer on shop.orders (customer) include (total) where total > 10;
create index orders_notes on shop.orders using gin (notes jsonb_path_ops);
comment on column shop.orders.total is 'With tax; ''quoted''';
comment on index shop.orders_customer is 'For the list';
insert into shop.customers (name) values ('Ada'), ('Ben; -- no comment');
-- migrate:down
drop schema shop cascade;
`,
  '002_code.sql': `
-- migrate:up
create function shop.touch() returns trigger language plpgsql as $body$
begin
  new.name := btrim(new.name); -- a semicolon; and a $1 within
  return new;
end
$body$;
create function shop.add(a int, b int default 1) returns int language sql immutable strict
  begin atomic; select a + b; end;
create procedure shop.clean() language sql as 'delete from shop.scratch';
create aggregate shop.total (int) (sfunc = int4pl, stype = int, initcond = '0');
create trigger customers_touch before update on shop.customers for each row execute function shop.touch();
create view shop.happy with (security_barrier) as select id, name from shop.customers where mood = 'happy';
create materialized view shop.totals as select customer, sum(total) as total from shop.orders group by customer;
create unique index totals_customer on shop.totals (customer);
create rule no_delete as on delete to shop.happy do instead nothing;
alter table shop.orders enable row level security;
create policy own on shop.orders for select using (customer > 0);
create statistics shop.orders_both (dependencies) on customer, total from shop.orders;
create operator shop.@+ (leftarg = int, rightarg = int, function = shop.add);
create cast (int as shop.mood) with inout;
-- migrate:down
drop cast (int as shop.mood);
drop operator shop.@+ (int, int);
drop statistics shop.orders_both;
drop policy own on shop.orders;
alter table shop.orders disable row level security;
drop materialized view shop.totals;
drop view shop.happy;
drop trigger customers_touch on shop.customers;
drop aggregate shop.total (int);
drop procedure shop.clean();
drop function shop.add(int, int);
drop function shop.touch();
`,
  '003_changes.sql': `
-- migrate:up
alter table shop.customers add column email text, add constraint mailed check (email like '%@%') not valid;
alter table shop.customers validate constraint mailed;
alter table shop.customers alter column name set statistics 500, alter column born set default date '2000-01-01';
alter table shop.orders alter column notes set storage external;
alter type shop.size add attribute depth int;
savepoint here;
create table shop.never (id int);
rollback to savepoint here;
-- migrate:down
alter type shop.size drop attribute depth;
alter table shop.orders alter column notes set storage extended;
alter table shop.customers alter column name set statistics -1, alter column born drop default;
alter table shop.customers drop column email;
`,
  '004_concurrently.sql': `
-- migrate:up transaction:false
create index concurrently customers_mood on shop.customers (mood);
create unique index concurrently customers_lower on shop.customers (lower(name));
-- migrate:down transaction:false
drop index concurrently shop.customers_lower;
drop index concurrently shop.customers_mood;
`,
  '005_parts.sql': `
-- migrate:up
create table shop.events (at timestamptz not null, kind text) partition by range (at);
create table shop.events_2024 partition of shop.events for values from ('2024-01-01') to ('2025-01-01');
create table shop.events_rest partition of shop.events default;
create index on shop.events (at);
insert into shop.events values ('2024-05-05', 'old'), ('2031-01-01', 'far');
create table shop.base (id serial);
create table shop.child (extra text) inherits (shop.base);
-- migrate:down
drop table shop.child;
drop table shop.base;
drop table shop.events;
`,
  '006_access.up.sql': `
grant usage on schema shop to public;
grant select, insert (name) on shop.customers to public;
revoke execute on function shop.add(int, int) from public;
alter default privileges in schema shop grant select on tables to public;
create publication sales for table shop.customers;
do $$ begin execute format('alter database %I set work_mem = %L', current_database(), '8MB'); end $$;
`,
  '006_access.down.sql': `
do $$ begin execute format('alter database %I reset work_mem', current_database()); end $$;
drop publication sales;
alter default privileges in schema shop revoke select on tables from public;
grant execute on function shop.add(int, int) to public;
revoke select, insert (name) on shop.customers from public;
revoke usage on schema shop from public;
`,
};
