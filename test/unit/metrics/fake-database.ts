import { Statements } from '../../../lib/core/sql/statements.js';
import { DatabaseMetrics } from '../../../lib/metrics/database-metrics.js';
import { MetricHooks } from '../../../lib/metrics/metric-hooks.js';
import type { MetricsSource, Transition } from '../../../lib/metrics/source.js';

/** What a pool would say, to be set by a test. */
export class FakeSource implements MetricsSource {
  readonly statements = new Statements();
  readonly listeners = new Set<(to: Transition) => void>();
  connections = { size: 5, active: 3, idle: 2, waiting: 4, max: 10 };
  circuitState: ReturnType<MetricsSource['circuit']> = { state: 'closed', rejections: 0 };
  healthNow: ReturnType<MetricsSource['health']> = { status: 0, probeMs: undefined, probedAt: undefined };
  leaks = 0;
  reported = 0;

  constructor(readonly database: string) {}

  counts() {
    return this.connections;
  }

  circuit() {
    return this.circuitState;
  }

  health() {
    return this.healthNow;
  }

  leaksSuspected(): number {
    return this.leaks;
  }

  leaksReported(): number {
    return this.reported;
  }

  onTransition(listener: (to: Transition) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  go(to: Transition): void {
    this.circuitState = { ...this.circuitState, state: to };
    for (const listener of this.listeners) listener(to);
  }
}

export interface FakeDatabase {
  source: FakeSource;
  hooks: MetricHooks;
  metrics: DatabaseMetrics;
  answer: (text: string, ms: number, error?: Error) => void;
}

export function fakeDatabase(name = 'main'): FakeDatabase {
  const source = new FakeSource(name);
  const hooks = new MetricHooks({ statements: source.statements, slowQueryThresholdMs: 1000 });
  const metrics = new DatabaseMetrics(source, hooks);
  const answer = (text: string, ms: number, error?: Error) =>
    hooks.onAnswered({ text, requestId: undefined, rows: undefined, answeredAt: 0 }, ms, error);
  return { source, hooks, metrics, answer };
}

/** What PostgreSQL would send. */
export function sqlError(code: string, message = 'refused'): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR', length: 1, name: 'error' });
}

/** The value of a series in the text format; undefined where there is none. */
export function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
