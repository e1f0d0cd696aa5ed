import type { MigrationFiles } from '../../../test/support/migrations.js';

/** Slow enough for all of the processes to come while the first one is at it. */
export const startsSet: MigrationFiles = {
  '001_tables.sql': `
create table account (id int generated always as identity primary key, owner text not null);
insert into account (owner) values ('first');
select pg_sleep(0.5);
`,
  '002_indexes.sql': `-- migrate:up transaction:false
create index concurrently account_owner on account (owner);
`,
  '003_columns.sql': 'alter table account add column balance numeric not null default 0;\n',
};

export const startsVersions: readonly number[] = [1, 2, 3];
