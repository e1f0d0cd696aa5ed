-- An exploit-intelligence platform: what is known, where it came from, who is told, who helps, and who pays.
-- It goes into the first schema of search_path.

-- migrate:up

create table sources (
  id integer generated always as identity primary key,
  name text not null,
  title text not null,
  kind text not null,
  url text,
  is_active boolean not null default true,
  poll_interval_minutes integer not null default 60,
  last_polled_at timestamptz,
  last_success_at timestamptz,
  consecutive_failures integer not null default 0,
  last_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sources_name_key unique (name),
  constraint sources_name_form check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(name) <= 50),
  constraint sources_title_length check (length(title) between 1 and 100),
  constraint sources_kind_known check (kind in ('advisory', 'database', 'mailing-list', 'repository', 'feed', 'community')),
  constraint sources_url_form check (url ~ '^https?://'),
  constraint sources_poll_interval_range check (poll_interval_minutes between 1 and 10080),
  constraint sources_failures_not_negative check (consecutive_failures >= 0),
  constraint sources_success_was_polled check (last_success_at <= last_polled_at)
);
comment on table sources is 'Where exploits are learnt of.';
comment on column sources.name is 'Short, as in URLs: exploit-db.';
comment on column sources.title is 'For people.';
comment on column sources.url is 'Null for what people send in.';
comment on column sources.consecutive_failures is 'Polls that failed since the last one that succeeded.';

create table users (
  id integer generated always as identity primary key,
  username text not null,
  email text not null,
  display_name text,
  role text not null default 'member',
  tier text not null default 'free',
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_username_key unique (username),
  constraint users_email_key unique (email),
  constraint users_username_form check (username ~ '^[a-z0-9_]{3,30}$'),
  constraint users_email_form check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 254),
  constraint users_display_name_length check (length(display_name) between 1 and 100),
  constraint users_role_known check (role in ('member', 'moderator', 'admin')),
  constraint users_tier_known check (tier in ('free', 'pro', 'team', 'enterprise'))
);
comment on table users is 'Accounts. One that has paid is made inactive, not deleted: payments are kept for the books.';
comment on column users.email is 'In lower case, so that it is unique whatever its case.';
comment on column users.tier is 'What subscription_changes led to; changed together with a row there.';

create table exploits (
  id integer generated always as identity primary key,
  source_id integer not null,
  external_id text,
  reported_by integer,
  title text not null,
  description text not null default '',
  cve_id text,
  severity text not null,
  cvss_score numeric(3, 1),
  status text not null default 'unverified',
  platform text,
  affected_products text[] not null default '{}',
  reference_urls text[] not null default '{}',
  details jsonb not null default '{}',
  published_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector generated always as (
    setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', coalesce(platform, '')), 'B')
    || setweight(to_tsvector('english', description), 'C')
  ) stored,
  constraint exploits_source_id_fkey foreign key (source_id) references sources on delete restrict,
  constraint exploits_reported_by_fkey foreign key (reported_by) references users on delete set null,
  constraint exploits_external_id_key unique (source_id, external_id),
  constraint exploits_title_length check (length(title) between 1 and 200),
  constraint exploits_description_length check (length(description) <= 20000),
  constraint exploits_cve_id_form check (cve_id ~ '^CVE-[0-9]{4}-[0-9]{4,19}$'),
  constraint exploits_severity_known check (severity in ('low', 'medium', 'high', 'critical')),
  constraint exploits_cvss_score_range check (cvss_score between 0.1 and 10.0),
  constraint exploits_severity_fits_score check (
    cvss_score is null
    or severity = case
      when cvss_score >= 9.0 then 'critical'
      when cvss_score >= 7.0 then 'high'
      when cvss_score >= 4.0 then 'medium'
      else 'low'
    end
  ),
  constraint exploits_status_known check (status in ('unverified', 'verified', 'disputed', 'withdrawn')),
  constraint exploits_details_object check (jsonb_typeof(details) = 'object')
);
comment on table exploits is 'What is known to be exploited, or could be.';
comment on column exploits.external_id is 'What the source calls it: a source that is polled again brings nothing twice.';
comment on column exploits.reported_by is 'The user who reported it; null where a source did, or the user is gone.';
comment on column exploits.cve_id is 'Null until one is assigned. There may be several exploits of one CVE.';
comment on column exploits.cvss_score is 'CVSS 3.1 base score. Where there is one, severity is its rating.';
comment on column exploits.details is 'What the source tells besides.';
comment on column exploits.published_at is 'When the source made it known; created_at is when we learnt of it.';
comment on column exploits.search is 'For the full-text search; the title counts most.';

create table alert_preferences (
  user_id integer primary key,
  is_enabled boolean not null default true,
  min_severity text not null default 'high',
  channels text[] not null default '{email}',
  webhook_url text,
  keywords text[] not null default '{}',
  max_per_day integer not null default 50,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint alert_preferences_user_id_fkey foreign key (user_id) references users on delete cascade,
  constraint alert_preferences_min_severity_known check (min_severity in ('low', 'medium', 'high', 'critical')),
  constraint alert_preferences_channels_known check (
    cardinality(channels) between 1 and 4
    and channels <@ array['email', 'webhook', 'slack', 'sms']
    and array_position(channels, null) is null
  ),
  constraint alert_preferences_webhook_has_url check (not channels @> array['webhook'] or webhook_url is not null),
  constraint alert_preferences_webhook_url_form check (webhook_url ~ '^https://'),
  constraint alert_preferences_keywords_number check (cardinality(keywords) <= 20),
  constraint alert_preferences_max_per_day_range check (max_per_day between 1 and 1000)
);
comment on table alert_preferences is 'Of what, and how, a user wants to be told. A user without a row has the defaults.';
comment on column alert_preferences.keywords is 'Only exploits that contain one of these words; all where there are none.';

create table alerts_sent (
  id bigint generated always as identity primary key,
  user_id integer not null,
  exploit_id integer not null,
  channel text not null,
  status text not null default 'sent',
  error text,
  sent_at timestamptz not null default now(),
  delivered_at timestamptz,
  constraint alerts_sent_user_id_fkey foreign key (user_id) references users on delete cascade,
  constraint alerts_sent_exploit_id_fkey foreign key (exploit_id) references exploits on delete cascade,
  constraint alerts_sent_once unique (user_id, exploit_id, channel),
  constraint alerts_sent_channel_known check (channel in ('email', 'webhook', 'slack', 'sms')),
  constraint alerts_sent_status_known check (status in ('sent', 'delivered', 'failed')),
  constraint alerts_sent_delivered_has_time check ((status = 'delivered') = (delivered_at is not null)),
  constraint alerts_sent_delivered_after_sent check (delivered_at >= sent_at),
  constraint alerts_sent_error_of_failed check (error is null or status = 'failed')
);
comment on table alerts_sent is 'Each alert, so that nobody is told of one exploit twice by one channel.';

create table community_submissions (
  id integer generated always as identity primary key,
  user_id integer not null,
  title text not null,
  description text not null,
  cve_id text,
  severity text not null,
  reference_urls text[] not null default '{}',
  status text not null default 'pending',
  reviewed_by integer,
  reviewed_at timestamptz,
  review_note text,
  exploit_id integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint community_submissions_user_id_fkey foreign key (user_id) references users on delete cascade,
  constraint community_submissions_reviewed_by_fkey foreign key (reviewed_by) references users on delete set null,
  constraint community_submissions_exploit_id_fkey foreign key (exploit_id) references exploits on delete set null,
  constraint community_submissions_exploit_id_key unique (exploit_id),
  constraint community_submissions_title_length check (length(title) between 1 and 200),
  constraint community_submissions_description_length check (length(description) between 1 and 20000),
  constraint community_submissions_cve_id_form check (cve_id ~ '^CVE-[0-9]{4}-[0-9]{4,19}$'),
  constraint community_submissions_severity_known check (severity in ('low', 'medium', 'high', 'critical')),
  constraint community_submissions_status_known check (status in ('pending', 'accepted', 'rejected')),
  constraint community_submissions_reviewed_has_time check ((status = 'pending') = (reviewed_at is null)),
  constraint community_submissions_reviewer_of_reviewed check (reviewed_by is null or status <> 'pending'),
  constraint community_submissions_reviewer_is_another check (reviewed_by <> user_id),
  constraint community_submissions_exploit_of_accepted check (exploit_id is null or status = 'accepted')
);
comment on table community_submissions is 'What users send in. A moderator accepts it, which makes an exploit of it, or rejects it.';
comment on column community_submissions.reviewed_by is 'Null until it is reviewed, and again where the reviewer is gone.';
comment on column community_submissions.exploit_id is 'What became of it; null again where the exploit is gone.';

create table user_reputation (
  id bigint generated always as identity primary key,
  user_id integer not null,
  submission_id integer,
  points integer not null,
  reason text not null,
  created_at timestamptz not null default now(),
  constraint user_reputation_user_id_fkey foreign key (user_id) references users on delete cascade,
  constraint user_reputation_submission_id_fkey foreign key (submission_id)
    references community_submissions on delete set null,
  constraint user_reputation_submission_once unique (submission_id),
  constraint user_reputation_points_range check (points between -100 and 100 and points <> 0),
  constraint user_reputation_reason_known check (reason in ('submission-accepted', 'submission-rejected', 'correction'))
);
comment on table user_reputation is 'Each movement of a user''s reputation, which is their sum. Rows are added, never changed.';
comment on column user_reputation.submission_id is 'A submission moves the reputation once. Null where it was not a submission, or that is gone.';

create table payments (
  id integer generated always as identity primary key,
  user_id integer not null,
  idempotency_key text not null,
  amount_cents integer not null,
  currency text not null default 'USD',
  method text not null,
  status text not null default 'succeeded',
  created_at timestamptz not null default now(),
  refunded_at timestamptz,
  constraint payments_user_id_fkey foreign key (user_id) references users on delete restrict,
  constraint payments_idempotency_key_key unique (user_id, idempotency_key),
  constraint payments_idempotency_key_length check (length(idempotency_key) between 8 and 200),
  constraint payments_amount_not_negative check (amount_cents >= 0),
  constraint payments_currency_form check (currency ~ '^[A-Z]{3}$'),
  constraint payments_method_known check (method in ('card', 'invoice', 'transfer')),
  constraint payments_status_known check (status in ('succeeded', 'failed', 'refunded')),
  constraint payments_refunded_has_time check ((status = 'refunded') = (refunded_at is not null)),
  constraint payments_refunded_after_made check (refunded_at >= created_at)
);
comment on table payments is 'What users paid. Kept for the books: a user who has paid cannot be deleted.';
comment on column payments.idempotency_key is 'Chosen by the client: a request that is repeated is paid once.';
comment on column payments.amount_cents is 'In hundredths of the currency; 0 for a change that costs nothing.';

create table subscription_changes (
  id integer generated always as identity primary key,
  user_id integer not null,
  payment_id integer,
  from_tier text not null,
  to_tier text not null,
  changed_at timestamptz not null default now(),
  constraint subscription_changes_user_id_fkey foreign key (user_id) references users on delete restrict,
  constraint subscription_changes_payment_id_fkey foreign key (payment_id) references payments on delete restrict,
  constraint subscription_changes_payment_id_key unique (payment_id),
  constraint subscription_changes_from_tier_known check (from_tier in ('free', 'pro', 'team', 'enterprise')),
  constraint subscription_changes_to_tier_known check (to_tier in ('free', 'pro', 'team', 'enterprise')),
  constraint subscription_changes_is_change check (from_tier <> to_tier)
);
comment on table subscription_changes is 'Each change of a user''s tier. Rows are added, never changed.';
comment on column subscription_changes.payment_id is 'Null where nobody was asked to pay: support did it.';

create index exploits_published_at_idx on exploits (published_at desc, id desc);
create index exploits_severity_idx on exploits (severity, published_at desc, id desc);
create index exploits_source_id_idx on exploits (source_id, published_at desc, id desc);
create index exploits_cve_id_idx on exploits (cve_id) where cve_id is not null;
create index exploits_reported_by_idx on exploits (reported_by) where reported_by is not null;
create index exploits_search_idx on exploits using gin (search);
create index alerts_sent_exploit_id_idx on alerts_sent (exploit_id);
create index alerts_sent_sent_at_idx on alerts_sent (sent_at);
create index community_submissions_user_id_idx on community_submissions (user_id, created_at desc, id desc);
create index community_submissions_reviewed_by_idx on community_submissions (reviewed_by) where reviewed_by is not null;
create index community_submissions_created_at_idx on community_submissions (created_at);
create index community_submissions_queue_idx on community_submissions (created_at, id) where status = 'pending';
create unique index community_submissions_pending_once on community_submissions (user_id, lower(title))
  where status = 'pending';
create index user_reputation_user_id_idx on user_reputation (user_id, created_at desc, id desc);
create index payments_created_at_idx on payments (created_at);
create index subscription_changes_user_id_idx on subscription_changes (user_id, changed_at desc, id desc);
comment on index exploits_published_at_idx is 'The newest first, page by page, and v_recent_exploits.';
comment on index community_submissions_queue_idx is 'What waits for a moderator, the oldest first.';
comment on index community_submissions_pending_once is 'A user who sends the same thing twice has one submission waiting.';

create view v_recent_exploits as
select e.id, e.title, e.cve_id, e.severity, e.cvss_score, e.status, s.name as source, e.published_at
from exploits e
join sources s on s.id = e.source_id
order by e.published_at desc, e.id desc
limit 100;
comment on view v_recent_exploits is 'The last 100 exploits, the newest first.';

create view v_stats_24h as
select
  e.exploits, e.critical, e.high, e.medium, e.low,
  a.alerts, a.alerts_failed,
  c.submissions,
  (select count(*)::integer from community_submissions where status = 'pending') as submissions_waiting,
  p.payments, p.revenue_cents
from (
  select
    count(*)::integer as exploits,
    count(*) filter (where severity = 'critical')::integer as critical,
    count(*) filter (where severity = 'high')::integer as high,
    count(*) filter (where severity = 'medium')::integer as medium,
    count(*) filter (where severity = 'low')::integer as low
  from exploits
  where published_at > now() - interval '24 hours'
) e
cross join (
  select count(*)::integer as alerts, count(*) filter (where status = 'failed')::integer as alerts_failed
  from alerts_sent
  where sent_at > now() - interval '24 hours'
) a
cross join (
  select count(*)::integer as submissions
  from community_submissions
  where created_at > now() - interval '24 hours'
) c
cross join (
  select count(*)::integer as payments, coalesce(sum(amount_cents), 0) as revenue_cents
  from payments
  where created_at > now() - interval '24 hours' and status = 'succeeded' and currency = 'USD'
) p;
comment on view v_stats_24h is 'One row: what happened in the last 24 hours.';
comment on column v_stats_24h.submissions_waiting is 'Now, however old.';
comment on column v_stats_24h.revenue_cents is 'In USD, refunds and failed payments left out.';

create view v_source_health as
select
  s.id, s.name, s.title, s.kind,
  case
    when not s.is_active then 'disabled'
    when s.consecutive_failures >= 3 then 'failing'
    when s.last_success_at is null then 'never-polled'
    when s.last_success_at < now() - 3 * s.poll_interval_minutes * interval '1 minute' then 'stale'
    else 'healthy'
  end as status,
  s.consecutive_failures, s.last_error, s.last_polled_at, s.last_success_at,
  newest.published_at as last_published_at,
  counts.exploits_24h, counts.exploits_7d
from sources s
cross join lateral (
  select
    count(*) filter (where e.published_at > now() - interval '24 hours')::integer as exploits_24h,
    count(*)::integer as exploits_7d
  from exploits e
  where e.source_id = s.id and e.published_at > now() - interval '7 days'
) counts
left join lateral (
  select e.published_at
  from exploits e
  where e.source_id = s.id
  order by e.published_at desc, e.id desc
  limit 1
) newest on true;
comment on view v_source_health is 'Each source, whether it can be relied on, and what it brought lately.';
comment on column v_source_health.status is
  'disabled, failing (3 polls or more), never-polled, stale (no success in 3 intervals), healthy.';

create view v_user_stats as
select
  u.id, u.username, u.role, u.tier,
  (select coalesce(sum(r.points), 0)::integer from user_reputation r where r.user_id = u.id) as reputation,
  sent.submissions, sent.accepted, sent.rejected, sent.waiting,
  (select count(*)::integer from community_submissions c where c.reviewed_by = u.id) as reviews,
  (select count(*)::integer from exploits e where e.reported_by = u.id) as exploits_reported,
  alerts.alerts, alerts.last_alert_at,
  (
    select coalesce(sum(p.amount_cents), 0)
    from payments p
    where p.user_id = u.id and p.status = 'succeeded' and p.currency = 'USD'
  ) as paid_cents
from users u
cross join lateral (
  select
    count(*)::integer as submissions,
    count(*) filter (where c.status = 'accepted')::integer as accepted,
    count(*) filter (where c.status = 'rejected')::integer as rejected,
    count(*) filter (where c.status = 'pending')::integer as waiting
  from community_submissions c
  where c.user_id = u.id
) sent
cross join lateral (
  select count(*)::integer as alerts, max(a.sent_at) as last_alert_at
  from alerts_sent a
  where a.user_id = u.id
) alerts;
comment on view v_user_stats is 'Each user, with what they did and what they got. For one user it reads that user''s rows only.';
comment on column v_user_stats.paid_cents is 'In USD, refunds and failed payments left out.';

create function set_updated_at() returns trigger
language plpgsql
as $$
begin
  new.updated_at = now();
  return new;
end
$$;
comment on function set_updated_at() is 'Sets updated_at to the time of the transaction, whatever the statement says.';

create trigger sources_set_updated_at before update on sources
  for each row execute function set_updated_at();
create trigger users_set_updated_at before update on users
  for each row execute function set_updated_at();
create trigger exploits_set_updated_at before update on exploits
  for each row execute function set_updated_at();
create trigger alert_preferences_set_updated_at before update on alert_preferences
  for each row execute function set_updated_at();
create trigger community_submissions_set_updated_at before update on community_submissions
  for each row execute function set_updated_at();

-- migrate:down

drop view v_user_stats;
drop view v_source_health;
drop view v_stats_24h;
drop view v_recent_exploits;
drop table subscription_changes;
drop table payments;
drop table user_reputation;
drop table community_submissions;
drop table alerts_sent;
drop table alert_preferences;
drop table exploits;
drop table users;
drop table sources;
drop function set_updated_at();
