import type { HealthSource } from '../../../../lib/express/health-routes.js';
import type { MetricsSource } from '../../../../lib/express/metrics-routes.js';
import type { QueryParameters } from '../../../../lib/express/query-parameters.js';
import { healthReport, poolMetrics, query, serverReport } from './reports.js';

export type Source = { -readonly [Key in keyof (HealthSource & MetricsSource)]: (HealthSource & MetricsSource)[Key] };

/** What a database would tell, and what was asked of it. */
export function fakeSource(): Source & { readonly asked: QueryParameters[] } {
  const asked: QueryParameters[] = [];
  return {
    asked,
    unreadyReason: undefined,
    isMonitored: true,
    health: () => healthReport,
    poolMetrics: () => poolMetrics,
    queries: (options) => {
      asked.push(options);
      return [query];
    },
    server: async () => serverReport,
    prometheus: () => 'db_circuit_breaker_state{database="db"} 0\n',
  };
}
