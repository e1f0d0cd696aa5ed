import type { MetricHooks } from './metric-hooks.js';
import type { MetricsSource, Transition } from './source.js';

/** All that is measured of one database: what its hooks have counted, and what is asked for when the metrics are read. */
export class DatabaseMetrics {
  readonly transitions: Record<Transition, number> = { open: 0, 'half-open': 0, closed: 0 };
  readonly #unsubscribe: () => void;

  constructor(
    readonly source: MetricsSource,
    readonly hooks: MetricHooks,
  ) {
    this.#unsubscribe = source.onTransition((to) => this.transitions[to]++);
  }

  get database(): string {
    return this.source.database;
  }

  /** Listens to the circuit no longer. What was counted can still be read. */
  close(): void {
    this.#unsubscribe();
  }
}
