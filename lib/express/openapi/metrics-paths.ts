import { defaultParameters, MOST_QUERIES, queryOrders } from '../query-parameters.js';
import { leak, poolConfig, poolHealth, query, serverReport, slowQuery } from './metrics-examples.js';
import { common, json, problem } from './operation.js';
import type { Paths } from './operation.js';

const off = problem('Monitoring is off', 'MONITORING_OFF', 404);
const access =
  'SQL, plans and stacks are shown to requests from the same machine only, unless the option authorize says otherwise.';

export const metricsPaths: Paths = {
  '/metrics': {
    get: {
      operationId: 'getPrometheusMetrics',
      summary: 'Metrics for Prometheus',
      responses: {
        200: {
          description: 'In the text format 0.0.4',
          content: { 'text/plain': { schema: { type: 'string' }, example: 'db_circuit_breaker_state 0\n' } },
        },
        404: off,
        ...common,
      },
    },
  },
  '/metrics/database': {
    get: {
      operationId: 'getDatabaseMetrics',
      summary: 'The state of the pool, slow statements and suspected leaks',
      description: `${access} Others get the rest, with "redacted": true.`,
      responses: {
        200: json('Also while monitoring is off: monitoring_enabled is false then', 'PoolMetrics', {
          monitoring_enabled: true,
          health_status: poolHealth,
          slow_queries: [slowQuery],
          pool_config: poolConfig,
          leak_warnings: [leak],
        }),
        ...common,
      },
    },
  },
  '/metrics/queries': {
    get: {
      operationId: 'getQueryMetrics',
      summary: 'What statements cost, grouped whatever their values',
      description: access,
      parameters: [
        {
          name: 'limit',
          in: 'query',
          description: 'How many, at most',
          schema: { type: 'integer', minimum: 1, maximum: MOST_QUERIES, default: defaultParameters.limit },
        },
        {
          name: 'sort',
          in: 'query',
          description: 'Total time, mean time, number of calls, longest time, number of errors; the greatest first',
          schema: { type: 'string', enum: queryOrders, default: defaultParameters.sort },
        },
      ],
      responses: {
        200: json('In the order that was asked for', 'Queries', { queries: [query] }),
        400: problem('Wrong parameter', 'BAD_PARAMETER', 400, {
          errors: [{ parameter: 'limit', received: '"0"', accepted: 'one whole number from 1 to 1000' }],
        }),
        403: problem('SQL is not shown here', 'SQL_HIDDEN', 403),
        404: off,
        ...common,
      },
    },
  },
  '/metrics/server': {
    get: {
      operationId: 'getServerMetrics',
      summary: "The database server's own view; asked once in five seconds at the most",
      responses: {
        200: json('As far as the role may see it', 'ServerReport', serverReport),
        404: off,
        503: problem('No report of the server', 'SERVER_REPORT_UNAVAILABLE', 503),
        ...common,
      },
    },
  },
};
