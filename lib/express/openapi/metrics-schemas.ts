import { amount, count, flag, list, nullable, object, oneOf, schemaRef, text, time } from './schema.js';
import type { Schema } from './schema.js';

const fingerprint: Schema = {
  type: 'string',
  pattern: '^[0-9a-f]{16}$',
  description: 'The same for a statement whatever its values',
};
const requestId = nullable(text('The request that asked for it, where it has an id'));
const hidden = 'Left out where SQL is not shown';

export const metricsSchemas: Readonly<Record<string, Schema>> = {
  PoolMetrics: object(
    'The state of the pool. Times are milliseconds',
    {
      monitoring_enabled: flag('Where it is false, statements and connections are not observed'),
      health_status: schemaRef('PoolHealth'),
      slow_queries: list('Statements that took longer than the threshold', schemaRef('SlowQuery')),
      pool_config: schemaRef('PoolConfig'),
      leak_warnings: list('Connections that are held for longer than the threshold', schemaRef('LeakWarning')),
      redacted: {
        const: true,
        description: 'Statements, plans, stacks and borrowed_at were left out; else it is absent',
      },
    },
    ['redacted'],
  ),
  PoolHealth: object('Connections, now, and the last acquisitions', {
    status: oneOf('How well the pool copes', 'healthy', 'warning', 'critical'),
    utilization_pct: amount('Active connections, in percent of the most there may be'),
    size: count('All connections'),
    active: count('Connections that are at work'),
    idle: count('Connections that wait for work'),
    waiting: count('Calls that wait for a connection'),
    max: count('The most connections there may be'),
    total_acquisitions: count('Calls that got a connection since the pool was made'),
    acquisition_failures: count('Calls that got none'),
    avg_acquisition_ms: amount('How long the last acquisitions took, on the average'),
    p95_acquisition_ms: amount('Of the last acquisitions, 95 % took no longer'),
    max_acquisition_ms: amount('The longest of the last acquisitions'),
    warnings: list('In words for people', text('Without hosts, SQL and values')),
  }),
  SlowQuery: object(
    'A statement that took longer than the threshold',
    {
      fingerprint,
      statement: text(`Without values and comments. ${hidden}`),
      duration_ms: amount('How long it took'),
      rows: nullable(count('Returned or changed; null where it failed or there is no such number')),
      request_id: requestId,
      error: nullable(text('SQLSTATE or a code of this package where it failed')),
      at: time('When it was answered'),
      plan: { description: `Of EXPLAIN, without values; null where there is none. ${hidden}` },
    },
    ['statement', 'plan'],
  ),
  LeakWarning: object(
    'A connection that is held for longer than the threshold',
    {
      held_ms: amount('For how long'),
      borrowed_at: nullable(text(`file:line:column of the borrower. ${hidden}`)),
      stack: list(`Of the borrower. ${hidden}`, text('One frame')),
      request_id: requestId,
      since: time('When it was borrowed'),
    },
    ['borrowed_at', 'stack'],
  ),
  PoolConfig: object('The settings that matter for reading the numbers', {
    name: text('Of the pool'),
    max: count('The most connections there may be'),
    min: count('Connections that are kept'),
    acquire_timeout_ms: amount('How long a call waits for a connection'),
    query_timeout_ms: orFalse('How long a statement may take; false: as long as it wants'),
    slow_query_threshold_ms: amount('From where on a statement is slow'),
    leak_threshold_ms: orFalse('From where on a held connection is suspected; false: never'),
    mode: oneOf('observe: nothing is done, what would be is counted', 'enforce', 'observe'),
  }),
  QueryPerformance: object('One statement, whatever its values. Times are milliseconds', {
    fingerprint,
    statement: text('Without values and comments'),
    calls: count('How often it was run'),
    errors: count('How often it failed'),
    rows: count('Returned or changed'),
    total_ms: amount('All its time'),
    mean_ms: amount('Its time on the average'),
    p50_ms: amount('Half of its runs took no longer'),
    p95_ms: amount('95 % of its runs took no longer'),
    p99_ms: amount('99 % of its runs took no longer'),
    max_ms: amount('Its longest run'),
    last_run: time('When it was run last'),
  }),
  Queries: object('Statements in the order that was asked for', {
    queries: list('At most as many as limit says', schemaRef('QueryPerformance')),
  }),
};

function orFalse(description: string): Schema {
  return { anyOf: [{ type: 'number', minimum: 0 }, { const: false }], description };
}
