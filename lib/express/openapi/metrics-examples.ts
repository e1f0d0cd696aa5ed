import type {
  HealthStatus,
  LeakWarning,
  PoolConfigReport,
  QueryPerformance,
  SlowQuery,
} from '../../monitor/reports.js';

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

export const serverReport = { checked_at: at };
