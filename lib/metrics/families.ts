import { operations } from '../core/sql/statements.js';
import { counter, counters, gauge, gauges, histograms } from './family.js';
import type { Family } from './family.js';
import { queryOutcomes } from './query-outcome.js';
import { version } from './version.js';

const { entries } = Object;

/** A circuit that was opened by hand refuses as any open one. */
const circuitStates = { closed: 0, open: 1, 'half-open': 2, isolated: 1 } as const;

/** Every metric. All series whose labels are known beforehand are there from the start: `increase()` misses a first one. */
export const families: readonly Family[] = [
  gauge(
    'db_circuit_breaker_state',
    'State of the circuit breaker: 0 closed, 1 open (or isolated by hand), 2 half-open.',
    ({ source }) => circuitStates[source.circuit().state],
    'max',
  ),
  counters(
    'db_circuit_breaker_transitions_total',
    'Changes of the circuit breaker, by the state it went to.',
    'to',
    ({ transitions }) => entries(transitions),
  ),
  counter(
    'db_circuit_breaker_rejections_total',
    'Calls that the circuit breaker refused.',
    ({ source }) => source.circuit().rejections,
  ),
  gauges('db_connection_pool_size', 'Open connections, by what they do.', 'state', ({ source }) => {
    const { idle, active } = source.counts();
    return { idle, active };
  }),
  gauge(
    'db_connection_pool_max_connections',
    'The most connections that the pool may open.',
    ({ source }) => source.counts().max,
  ),
  gauge(
    'db_connection_pool_pending_requests',
    'Calls that wait for a connection.',
    ({ source }) => source.counts().waiting,
  ),
  gauge(
    'db_connection_pool_utilization_ratio',
    'Connections in use, as a part of the most that the pool may open.',
    ({ source }) => {
      const { active, max } = source.counts();
      return active / max;
    },
    'max',
  ),
  counters(
    'db_connection_pool_acquire_failures_total',
    'Calls that got no connection, by reason.',
    'reason',
    ({ hooks }) => entries(hooks.acquireFailures),
  ),
  histograms(
    'db_connection_acquire_duration_seconds',
    'Time until a call had its connection, of those that got one.',
    ({ hooks }) => [[{}, hooks.acquired]],
  ),
  histograms('db_connection_create_duration_seconds', 'Time to open a connection.', ({ hooks }) => [
    [{}, hooks.created],
  ]),
  histograms(
    'db_connection_use_duration_seconds',
    'Time between the borrowing of a connection and its return.',
    ({ hooks }) => [[{}, hooks.used]],
  ),
  counter('db_connection_leaks_total', 'Connections that were held for longer than the threshold.', ({ source }) =>
    source.leaksReported(),
  ),
  gauge(
    'db_connection_leaks_suspected',
    'Connections that are held for longer than the threshold, now.',
    ({ source }) => source.leaksSuspected(),
  ),
  histograms(
    'db_query_duration_seconds',
    'Time between the sending of a statement and its answer, by kind of statement and by how it ended.',
    ({ hooks }) =>
      operations.flatMap((operation) =>
        queryOutcomes.map((outcome) => [{ operation, outcome }, hooks.queries[operation][outcome]] as const),
      ),
  ),
  counters(
    'db_query_errors_total',
    'Statements that failed, by SQLSTATE or by the code of this package.',
    'error_type',
    ({ hooks }) => hooks.errors.counts,
  ),
  counters(
    'db_query_timeouts_total',
    'Statements that were not answered in time, by whose time was over: their own, or that of the request.',
    'kind',
    ({ hooks }) => entries(hooks.timeouts),
  ),
  counters(
    'db_query_retries_total',
    'Statements and transactions that were sent again, by how that ended.',
    'outcome',
    ({ hooks }) => entries(hooks.retries),
  ),
  counter('db_slow_queries_total', 'Statements that took longer than the threshold.', ({ hooks }) => hooks.slow),
  gauge(
    'db_health_status',
    'Health of the database: 0 healthy, 1 degraded, 2 unhealthy.',
    ({ source }) => source.health().status,
    'max',
  ),
  gauge(
    'db_health_probe_duration_seconds',
    'Time that the last probe of the database took.',
    ({ source }) => seconds(source.health().probeMs),
    'max',
  ),
  gauge(
    'db_health_last_probe_timestamp_seconds',
    'When the last probe of the database ended, in seconds since 1970.',
    ({ source }) => seconds(source.health().probedAt),
    'min',
  ),
  counters(
    'db_metrics_dropped_series_total',
    'Values that were counted as "other" because a metric had too many series.',
    'metric',
    ({ hooks }) => [['db_query_errors_total', hooks.errors.folded]],
  ),
  {
    name: 'db_resilience_build_info',
    help: 'Version of express-db-resilience. The value is always 1.',
    type: 'gauge',
    aggregator: 'max',
    read: () => [{ labels: { version }, value: 1 }],
  },
];

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
