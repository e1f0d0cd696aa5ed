-- Idempotent, and safe when several instances start at once: the lock ends with this one implicit transaction.
select pg_advisory_xact_lock(hashtext('express_db_resilience_example'));

create schema if not exists express_db_resilience_example;
set local search_path to express_db_resilience_example;

create table if not exists sources (
  id integer generated always as identity primary key,
  name text not null unique
);

create table if not exists exploits (
  id integer generated always as identity primary key,
  source_id integer not null references sources,
  title text not null check (length(title) between 1 and 200),
  severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
  published_at timestamptz not null default now()
);

create index if not exists exploits_published_at on exploits (published_at desc);

insert into sources (name)
values ('Vendor advisories'), ('Mailing list'), ('Community')
on conflict do nothing;

insert into exploits (source_id, title, severity, published_at)
select
  (select id from sources order by id offset n % 3 limit 1),
  (array['Overflow in a parser', 'Missing check in a login', 'Race in an upload', 'Injection in a search'])[n % 4 + 1]
    || ' #' || n,
  (array['low', 'medium', 'high', 'critical'])[(n * 7) % 4 + 1],
  now() - n * interval '3 hours'
from generate_series(1, 100) as n
where not exists (select from exploits);
