import type { MetricHooks } from './metric-hooks.js';
import type { MetricsSource, Transition } from './source.js';

/** All that is measured of one database: what its hooks have counted, and what is asked for when the metrics are read. */
export class DatabaseMetrics {
  readonly transitions: Record<Transition, number> = { open: 0, 'half-open': 0, closed: 0 };
  readonly #unsubscribe: () => void;
  #leaks = 0;

  constructor(
    readonly source: MetricsSource,
    readonly hooks: MetricHooks,
  ) {
    this.#unsubscribe = source.onTransition((to) => this.transitions[to]++);
  }

  get database(): string {
    return this.source.database;
  }

  /** A leak was reported; once for each connection, however long it is held. */
  countLeak(): void {
    this.#leaks++;
  }

  get leaks(): number {
    return this.#leaks;
  }

  /** Listens to the circuit no longer. What was counted can still be read. */
  close(): void {
    this.#unsubscribe();
  }
}
