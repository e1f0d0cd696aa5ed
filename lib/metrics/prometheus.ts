import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import type { DatabaseMetrics } from './database-metrics.js';
import { requireDistinctNames } from './distinct-names.js';
import { exposition } from './exposition.js';

/** Several Prometheus servers, and people who reload, share one rendering. */
const FRESH_MS = 1000;

/** `GET /metrics`, without prom-client. */
export class PrometheusMetrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #databases: readonly DatabaseMetrics[];
  readonly #clock: Clock;
  #text = '';
  #renderedAt = -Infinity;

  /** @throws ConfigurationError where two databases have one name */
  constructor(databases: readonly DatabaseMetrics[], clock: Clock = systemClock) {
    requireDistinctNames(databases);
    this.#databases = databases;
    this.#clock = clock;
  }

  /** In the text format 0.0.4; at most a second old. */
  render(): string {
    const now = this.#clock.now();
    if (now - this.#renderedAt >= FRESH_MS) {
      this.#text = exposition(this.#databases);
      this.#renderedAt = now;
    }
    return this.#text;
  }
}
