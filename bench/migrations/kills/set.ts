import type { MigrationFiles } from '../../../test/support/migrations.js';

const rows = 2000;

/** Migrations of each sort that can be interrupted. */
export const killSet: MigrationFiles = {
  '001_tables.sql': `
-- migrate:up
create table item (id int primary key, name text not null, price int not null);
insert into item select n, 'item ' || n, n % 97 from generate_series(1, ${String(rows)}) as n;
create table seen (what text not null);
-- migrate:down
drop table seen;
drop table item;
`,
  '002_indexes.sql': `
-- migrate:up transaction:false
create index concurrently item_price on item (price);
create unique index concurrently item_name on item (name);
-- migrate:down transaction:false
drop index concurrently item_name;
drop index concurrently item_price;
`,
  '003_again.sql': `
-- migrate:up transaction:false idempotent:true
alter table item add column if not exists stock int;
update item set stock = price * 2 where stock is null;
create index concurrently if not exists item_stock on item (stock);
-- migrate:down transaction:false idempotent:true
drop index concurrently if exists item_stock;
alter table item drop column if exists stock;
`,
  '004_columns.sql': `
-- migrate:up
alter table item add column sold boolean not null default false;
create view cheap as select id, name from item where price < 10 and not sold;
-- migrate:down
drop view cheap;
alter table item drop column sold;
`,
  '005_once.sql': `
-- migrate:up transaction:false
insert into seen values ('first');
insert into seen values ('second');
vacuum item;
-- migrate:down transaction:false
delete from seen where what = 'second';
delete from seen where what = 'first';
`,
};

export const newest = 5;
