import type {
  HealthStatus,
  LeakWarning,
  PoolConfigReport,
  QueryPerformance,
  SlowQuery,
} from '../../monitor/reports.js';
import type { ServerReport } from '../../monitor/server-report.js';

const at = '2026-03-01T12:00:00.000Z';
const fingerprint = '9f86d081884c7d65';
const statement = 'select * from orders where customer_id = ?';

export const poolHealth: HealthStatus = {
  status: 'healthy',
  utilization_pct: 30,
  size: 5,
  active: 3,
  idle: 2,
  waiting: 0,
  max: 10,
  total_acquisitions: 12_345,
  acquisition_failures: 2,
  avg_acquisition_ms: 0.2,
  p95_acquisition_ms: 1.5,
  max_acquisition_ms: 30,
  warnings: [],
};

export const poolConfig: PoolConfigReport = {
  name: 'db',
  max: 10,
  min: 2,
  acquire_timeout_ms: 5000,
  query_timeout_ms: 30_000,
  slow_query_threshold_ms: 1000,
  leak_threshold_ms: false,
  mode: 'enforce',
};

export const slowQuery: SlowQuery = {
  fingerprint,
  statement,
  duration_ms: 1520,
  rows: 12,
  request_id: 'r-1',
  error: null,
  at,
  plan: null,
};

export const leak: LeakWarning = {
  held_ms: 65_000,
  borrowed_at: 'routes/orders.js:12:30',
  stack: ['at placeOrder (routes/orders.js:12:30)'],
  request_id: 'r-2',
  since: at,
};

export const query: QueryPerformance = {
  fingerprint,
  statement,
  calls: 120,
  errors: 1,
  rows: 1440,
  total_ms: 960,
  mean_ms: 8,
  p50_ms: 6,
  p95_ms: 20,
  p99_ms: 45,
  max_ms: 1520,
  last_run: at,
};

export const serverReport: ServerReport = {
  at,
  version: '17.5',
  is_in_recovery: false,
  connections_used: 14,
  max_connections: 100,
  superuser_reserved: 3,
  sessions: {
    active: 2,
    idle: 9,
    idle_in_transaction: 1,
    idle_in_transaction_aborted: 0,
    other: 0,
    hidden: 0,
    longest_transaction_s: 0.35,
    blocked_sessions: 0,
  },
  database_size_bytes: 48_234_496,
  statistics: { cache_hit_ratio: 0.9987, deadlocks: 0, temp_bytes: 0 },
  replication: [{ name: 'standby-1', state: 'streaming', sync_state: 'async', lag_bytes: 1024, replay_lag_s: 0.004 }],
  standby: null,
  archiver: { is_enabled: true, archived_count: 312, failed_count: 0, last_archived: at, last_failed: null },
  archive_queue_length: null,
  not_visible: [{ part: 'archive_queue', reason: 'permission' }],
};
