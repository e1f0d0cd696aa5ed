import { common, json } from './operation.js';
import type { Paths } from './operation.js';

const at = '2026-03-01T12:00:00.000Z';
const summary = { status: 'healthy', circuit: 'closed', checked_at: at, age_ms: 1200, stale: false };
const report = {
  status: 'degraded',
  checked_at: at,
  age_ms: 1200,
  stale: false,
  probe: { ok: true, duration_ms: 0.8, error: null },
  circuit: 'closed',
  pool: { utilization_pct: 90, active: 9, idle: 1, waiting: 0, max: 10 },
  event_loop_delay_ms: 1.1,
  warnings: ['90 % of the connections are at work'],
};
const failed = {
  ...report,
  status: 'unhealthy',
  probe: { ok: false, duration_ms: 2000, error: 'unreachable' },
  warnings: ['The last probe failed: unreachable'],
};

export const healthPaths: Paths = {
  '/health': {
    get: {
      operationId: 'getHealth',
      summary: 'The health of the database in short, from memory',
      responses: {
        200: json('Healthy or degraded', 'HealthSummary', summary),
        503: json('Unhealthy', 'HealthSummary', { ...summary, status: 'unhealthy', circuit: 'open' }),
        ...common,
      },
    },
  },
  '/health/database': {
    get: {
      operationId: 'getDatabaseHealth',
      summary: 'The health of the database with its warnings, from memory',
      responses: {
        200: json('Healthy or degraded', 'HealthReport', report),
        503: json('Unhealthy', 'HealthReport', failed),
        ...common,
      },
    },
  },
  '/livez': {
    get: {
      operationId: 'getLiveness',
      summary: 'Whether this process is alive, whatever the database does',
      responses: { 200: json('It is', 'Alive', { status: 'ok' }), ...common },
    },
  },
  '/readyz': {
    get: {
      operationId: 'getReadiness',
      summary: 'Whether this process takes work',
      responses: {
        200: json('It does', 'Ready', { status: 'ready' }),
        503: json('It does not', 'NotReady', { status: 'not_ready', reason: 'starting' }),
        ...common,
      },
    },
  },
};
