import type { Resilience } from '../compose/create-resilience.js';
import type { HealthSource } from './health-routes.js';
import type { MetricsSource } from './metrics-routes.js';

/** What the routes show of a database. The health probes, and the counting of metrics, begin here. */
export function observing(resilience: Resilience): HealthSource & MetricsSource {
  const { db, healthMonitor } = resilience;
  resilience.prometheus();
  return {
    get unreadyReason() {
      return resilience.unreadyReason;
    },
    health: () => healthMonitor.report(),
    isMonitored: db.getPoolMetrics().monitoring_enabled,
    poolMetrics: () => db.getPoolMetrics(),
    queries: (options) => db.getQueryPerformance(options),
    server: () => db.getServerView(),
    prometheus: () => resilience.prometheus(),
  };
}
