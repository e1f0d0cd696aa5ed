import {
  leak,
  poolConfig,
  poolHealth,
  query,
  serverReport,
  slowQuery,
} from '../../../../lib/express/openapi/metrics-examples.js';
import type { HealthReport } from '../../../../lib/health/health-report.js';
import type { PoolMetrics } from '../../../../lib/monitor/reports.js';

export { poolHealth, query, serverReport };

export const poolMetrics: PoolMetrics = {
  monitoring_enabled: true,
  health_status: { ...poolHealth, warnings: ['busy'] },
  slow_queries: [
    { ...slowQuery, plan: [{ Plan: { 'Node Type': 'Seq Scan' } }] },
    { ...slowQuery, request_id: null, rows: null, error: '57014' },
  ],
  pool_config: poolConfig,
  leak_warnings: [leak, { ...leak, borrowed_at: null, stack: [], request_id: null }],
};

export const healthReport: HealthReport = {
  status: 'healthy',
  checked_at: '2026-03-01T12:00:00.000Z',
  age_ms: 1200,
  stale: false,
  probe: { ok: true, duration_ms: 0.8, error: null },
  circuit: 'closed',
  pool: { utilization_pct: 30, active: 3, idle: 2, waiting: 0, max: 10 },
  event_loop_delay_ms: 1.1,
  warnings: [],
};
