import type express from 'express';
import { Registry } from 'prom-client';
import {
  createResilience,
  dbResilience,
  healthRouter,
  metricsRouter,
  observing,
  ResilientPool,
} from '../../lib/index.js';
import type {
  AnsweredStatement,
  HealthReport,
  HealthStatus,
  LeakWarning,
  MonitorOptions,
  PoolHooks,
  PoolMetrics,
  QueryPerformance,
  ServerReport,
  SlowQuery,
} from '../../lib/index.js';
import { exactly } from './exactly.js';

export async function whatAPoolKnows(pool: ResilientPool): Promise<void> {
  exactly<PoolMetrics>()(pool.getPoolMetrics());
  exactly<HealthStatus>()(pool.getHealthStatus());
  exactly<QueryPerformance[]>()(pool.getQueryPerformance());
  exactly<QueryPerformance[]>()(pool.getQueryPerformance({ limit: 5, sort: 'mean' }));
  exactly<SlowQuery[]>()(pool.getSlowQueries({ limit: 5 }));
  exactly<LeakWarning[]>()(pool.detectConnectionLeaks());
  exactly<ServerReport>()(await pool.getServerView());

  // @ts-expect-error there is no such order
  pool.getQueryPerformance({ sort: 'p99' });
  // @ts-expect-error there is no such option
  pool.getSlowQueries({ most: 5 });
}

export function monitorOptions(): void {
  const options: MonitorOptions = { slowQueryThresholdMs: 500, leakThresholdMs: false, repeatedInRequest: 50 };
  void new ResilientPool({ monitor: options });
  void new ResilientPool({ monitor: false });
  const hooks: Partial<PoolHooks> = {
    onAnswered: (statement, ms, error) => {
      exactly<AnsweredStatement>()(statement);
      exactly<number>()(ms);
      exactly<Error | undefined>()(error);
    },
  };
  void new ResilientPool({ monitor: { hooks } });

  // @ts-expect-error false, or options
  void new ResilientPool({ monitor: true });
  // @ts-expect-error there is no such hook
  void new ResilientPool({ monitor: { hooks: { onAnswer: () => undefined } } });
  // @ts-expect-error milliseconds, or false
  void new ResilientPool({ monitor: { leakThresholdMs: '10s' } });
}

export function whatIsShown(app: express.Express): void {
  const resilience = dbResilience({ health: { intervalMs: 1000, timeoutMs: 500 }, openTelemetry: true });
  app.use('/api', resilience.routes({ authorize: (req) => req.headers.authorization === 'Bearer x', metrics: false }));
  app.use('/health', healthRouter(observing(resilience)));
  app.use('/metrics', metricsRouter(observing(resilience), { authorize: async () => Promise.resolve(true) }));
  exactly<HealthReport>()(resilience.healthMonitor.report());
  exactly<() => void>()(createResilience().registerMetrics(new Registry()));
  exactly<string>()(resilience.prometheus());

  // @ts-expect-error a function
  resilience.routes({ authorize: true });
  // @ts-expect-error there is no such option
  void dbResilience({ health: { everyMs: 5 } });
}
