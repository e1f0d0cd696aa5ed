import { exploitSearch } from '../../../../examples/exploits-api/api/exploit-search.js';

/** Each index, and a query of the views or of the example that it serves. */
export const servedQueries: Record<string, [string, unknown[]?]> = {
  exploits_published_at_idx: ['select * from v_recent_exploits'],
  exploits_severity_idx: search({ severity: 'critical', after: '1000' }),
  exploits_source_id_idx: ['select * from v_source_health'],
  exploits_cve_id_idx: search({ cve: 'CVE-2026-900007' }),
  exploits_reported_by_idx: ['select * from v_user_stats where id = 8'],
  exploits_search_idx: search({ q: 'overflow parser' }),
  alerts_sent_exploit_id_idx: ['select count(*) from alerts_sent where exploit_id = 1950'],
  alerts_sent_sent_at_idx: ['select * from v_stats_24h'],
  community_submissions_user_id_idx: ['select * from v_user_stats where id = 8'],
  community_submissions_reviewed_by_idx: ['select * from v_user_stats where id = 2'],
  community_submissions_created_at_idx: ['select * from v_stats_24h'],
  community_submissions_queue_idx: [
    `select id from community_submissions where status = 'pending' order by created_at, id limit 10`,
  ],
  community_submissions_pending_once: [
    `insert into community_submissions (user_id, title, description, severity) values (8, 'a', 'b', 'low')
     on conflict (user_id, lower(title)) where status = 'pending' do nothing`,
  ],
  user_reputation_user_id_idx: [
    'select points from user_reputation where user_id = 8 order by created_at desc, id desc limit 20',
  ],
  payments_created_at_idx: ['select * from v_stats_24h'],
  subscription_changes_user_id_idx: [
    'select to_tier from subscription_changes where user_id = 60 order by changed_at desc, id desc limit 20',
  ],
};

function search(query: object): [string, unknown[]] {
  const { text, values } = exploitSearch(query).statement;
  return [text, values];
}
