/** The constraint that does not let a statement in; each runs on the rows of the example, and is undone. */
export const refusedRows: [constraint: string, statement: string][] = [
  ['sources_name_form', `update sources set name = 'Not A Name' where id = 1`],
  ['sources_name_key', `update sources set name = 'oss-list' where id = 1`],
  ['sources_title_length', `update sources set title = '' where id = 1`],
  ['sources_kind_known', `update sources set kind = 'rumour' where id = 1`],
  ['sources_url_form', `update sources set url = 'ftp://a' where id = 1`],
  ['sources_poll_interval_range', 'update sources set poll_interval_minutes = 0 where id = 1'],
  ['sources_failures_not_negative', 'update sources set consecutive_failures = -1 where id = 1'],
  ['sources_success_was_polled', `update sources set last_success_at = now() + interval '1 day' where id = 1`],
  ['users_username_form', `update users set username = 'A' where id = 8`],
  ['users_username_key', `update users set username = 'ada_novak' where id = 8`],
  ['users_email_form', `update users set email = 'Ada@mail.example' where id = 8`],
  ['users_email_form', `update users set email = 'nobody' where id = 8`],
  ['users_email_key', `update users set email = 'ada.novak@mail.example' where id = 8`],
  ['users_display_name_length', `update users set display_name = '' where id = 8`],
  ['users_role_known', `update users set role = 'owner' where id = 8`],
  ['users_tier_known', `update users set tier = 'gold' where id = 8`],
  ['exploits_source_id_fkey', 'update exploits set source_id = 999 where id = 1'],
  ['exploits_source_id_fkey', 'delete from sources where id = 1'],
  ['exploits_reported_by_fkey', 'update exploits set reported_by = 999 where id = 1'],
  [
    'exploits_external_id_key',
    `insert into exploits (source_id, external_id, title, severity)
    select source_id, external_id, 'x', 'low' from exploits where id = 1`,
  ],
  ['exploits_title_length', `update exploits set title = repeat('x', 201) where id = 1`],
  ['exploits_description_length', `update exploits set description = repeat('x', 20001) where id = 1`],
  ['exploits_cve_id_form', `update exploits set cve_id = 'CVE-26-1' where id = 1`],
  ['exploits_severity_known', `update exploits set severity = 'none', cvss_score = null where id = 1`],
  ['exploits_cvss_score_range', `update exploits set cvss_score = 10.1, severity = 'critical' where id = 1`],
  ['exploits_severity_fits_score', `update exploits set cvss_score = 9.0, severity = 'high' where id = 1`],
  ['exploits_severity_fits_score', `update exploits set cvss_score = 3.9, severity = 'medium' where id = 1`],
  ['exploits_status_known', `update exploits set status = 'sure' where id = 1`],
  ['exploits_details_object', `update exploits set details = '[]' where id = 1`],
  ['alert_preferences_pkey', 'insert into alert_preferences (user_id) values (8)'],
  ['alert_preferences_user_id_fkey', 'insert into alert_preferences (user_id) values (999)'],
  ['alert_preferences_min_severity_known', `update alert_preferences set min_severity = 'none' where user_id = 8`],
  ['alert_preferences_channels_known', `update alert_preferences set channels = '{}' where user_id = 8`],
  ['alert_preferences_channels_known', `update alert_preferences set channels = '{pigeon}' where user_id = 8`],
  ['alert_preferences_channels_known', `update alert_preferences set channels = '{email,null}' where user_id = 8`],
  ['alert_preferences_webhook_has_url', 'update alert_preferences set webhook_url = null where user_id = 8'],
  ['alert_preferences_webhook_url_form', `update alert_preferences set webhook_url = 'http://a' where user_id = 8`],
  [
    'alert_preferences_keywords_number',
    `update alert_preferences set keywords = array_fill('a'::text, array[21]) where user_id = 8`,
  ],
  ['alert_preferences_max_per_day_range', 'update alert_preferences set max_per_day = 0 where user_id = 8'],
  ['alerts_sent_user_id_fkey', `insert into alerts_sent (user_id, exploit_id, channel) values (999, 1, 'sms')`],
  ['alerts_sent_exploit_id_fkey', `insert into alerts_sent (user_id, exploit_id, channel) values (8, 99999, 'sms')`],
  [
    'alerts_sent_once',
    `insert into alerts_sent (user_id, exploit_id, channel)
    select user_id, exploit_id, channel from alerts_sent limit 1`,
  ],
  ['alerts_sent_channel_known', `insert into alerts_sent (user_id, exploit_id, channel) values (8, 1, 'pigeon')`],
  [
    'alerts_sent_status_known',
    `insert into alerts_sent (user_id, exploit_id, channel, status) values (8, 1, 'sms', 'lost')`,
  ],
  [
    'alerts_sent_delivered_has_time',
    `insert into alerts_sent (user_id, exploit_id, channel, status) values (8, 1, 'sms', 'delivered')`,
  ],
  [
    'alerts_sent_delivered_after_sent',
    `insert into alerts_sent (user_id, exploit_id, channel, status, delivered_at)
    values (8, 1, 'sms', 'delivered', now() - interval '1 second')`,
  ],
  [
    'alerts_sent_error_of_failed',
    `insert into alerts_sent (user_id, exploit_id, channel, error) values (8, 1, 'sms', 'none')`,
  ],
  [
    'community_submissions_user_id_fkey',
    `insert into community_submissions (user_id, title, description, severity)
    values (999, 'a', 'b', 'low')`,
  ],
  [
    'community_submissions_pending_once',
    `insert into community_submissions (user_id, title, description, severity)
    select user_id, upper(title), 'b', 'low' from community_submissions where status = 'pending' limit 1`,
  ],
  ['community_submissions_exploit_id_fkey', 'update community_submissions set exploit_id = 99999 where id = 1'],
  [
    'community_submissions_exploit_id_key',
    `update community_submissions set exploit_id =
    (select exploit_id from community_submissions where id = 2) where id = 1`,
  ],
  ['community_submissions_title_length', `update community_submissions set title = '' where id = 1`],
  ['community_submissions_description_length', `update community_submissions set description = '' where id = 1`],
  ['community_submissions_cve_id_form', `update community_submissions set cve_id = 'CVE-2026-1' where id = 1`],
  ['community_submissions_severity_known', `update community_submissions set severity = 'none' where id = 1`],
  ['community_submissions_status_known', `update community_submissions set status = 'lost' where id = 90`],
  [
    'community_submissions_reviewed_has_time',
    `update community_submissions set status = 'rejected' where status = 'pending'`,
  ],
  [
    'community_submissions_reviewer_of_reviewed',
    `update community_submissions set reviewed_by = 2 where status = 'pending'`,
  ],
  ['community_submissions_reviewed_by_fkey', 'update community_submissions set reviewed_by = 999 where id = 1'],
  ['community_submissions_reviewer_is_another', 'update community_submissions set reviewed_by = user_id where id = 1'],
  [
    'community_submissions_exploit_of_accepted',
    `update community_submissions set exploit_id = 1 where status = 'rejected'`,
  ],
  [
    'user_reputation_user_id_fkey',
    `insert into user_reputation (user_id, points, reason) values (999, 1, 'correction')`,
  ],
  [
    'user_reputation_submission_id_fkey',
    `insert into user_reputation (user_id, submission_id, points, reason) values (8, 999, 1, 'correction')`,
  ],
  [
    'user_reputation_submission_once',
    `insert into user_reputation (user_id, submission_id, points, reason) values (8, 1, 1, 'correction')`,
  ],
  ['user_reputation_points_range', `insert into user_reputation (user_id, points, reason) values (8, 0, 'correction')`],
  [
    'user_reputation_points_range',
    `insert into user_reputation (user_id, points, reason) values (8, 101, 'correction')`,
  ],
  ['user_reputation_reason_known', `insert into user_reputation (user_id, points, reason) values (8, 1, 'luck')`],
  ['payments_user_id_fkey', payment('999', `'a-new-key'`)],
  ['payments_user_id_fkey', 'delete from users where id = 60'],
  ['payments_idempotency_key_key', payment('60', `'seed-60-free'`)],
  ['payments_idempotency_key_length', payment('60', `'short'`)],
  ['payments_amount_not_negative', 'update payments set amount_cents = -1 where id = 1'],
  ['payments_currency_form', `update payments set currency = 'usd' where id = 1`],
  ['payments_method_known', `update payments set method = 'cash' where id = 1`],
  ['payments_status_known', `update payments set status = 'maybe' where id = 1`],
  ['payments_refunded_has_time', `update payments set status = 'refunded' where id = 1`],
  [
    'payments_refunded_after_made',
    `update payments set status = 'refunded', refunded_at = created_at - interval '1 second' where id = 1`,
  ],
  ['subscription_changes_user_id_fkey', change('999', 'null', 'free', 'pro')],
  ['subscription_changes_payment_id_fkey', change('60', '999', 'free', 'pro')],
  ['subscription_changes_payment_id_fkey', 'delete from payments where id = 1'],
  ['subscription_changes_payment_id_key', change('60', '1', 'free', 'pro')],
  ['subscription_changes_from_tier_known', change('60', 'null', 'gold', 'pro')],
  ['subscription_changes_to_tier_known', change('60', 'null', 'free', 'gold')],
  ['subscription_changes_is_change', change('60', 'null', 'pro', 'pro')],
];

export function payment(user: string, key: string): string {
  return `insert into payments (user_id, idempotency_key, amount_cents, method) values (${user}, ${key}, 1900, 'card')`;
}

function change(user: string, paid: string, from: string, to: string): string {
  return `insert into subscription_changes (user_id, payment_id, from_tier, to_tier) values (${user}, ${paid}, '${from}', '${to}')`;
}
