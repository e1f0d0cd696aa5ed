import type { Attributes } from '@opentelemetry/api';
import type { Operation } from '../core/sql/statements.js';
import type { AcquireFailure, AnsweredStatement, PoolHooks } from '../monitor/hooks.js';
import { ErrorTypes } from './error-types.js';
import { bucketBounds } from './histogram.js';
import type { MetricsSource } from './source.js';
import { spansOf } from './spans.js';
import { version } from './version.js';

const system = { 'db.system.name': 'postgresql' } as const;

export interface OpenTelemetry {
  readonly hooks: PoolHooks;
  /** Nothing is observed any more; what is recorded later is still taken. */
  close(): void;
}

/**
 * The same numbers, by OpenTelemetry's semantic conventions for databases, to the application's own MeterProvider, and a
 * span for each statement of a request to its TracerProvider. Both have to be registered before this is called.
 *
 * @returns undefined where `@opentelemetry/api` is not installed
 */
export async function openTelemetry(source: MetricsSource): Promise<OpenTelemetry | undefined> {
  const api = await import('@opentelemetry/api').catch(() => undefined);
  if (api === undefined) return undefined;
  const meter = api.metrics.getMeter('express-db-resilience', version);
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: [...bucketBounds] },
    });
  const operationDuration = seconds('db.client.operation.duration', 'Duration of database client operations.');
  const createTime = seconds('db.client.connection.create_time', 'The time it took to create a new connection.');
  const waitTime = seconds('db.client.connection.wait_time', 'The time it took to obtain an open connection.');
  const useTime = seconds('db.client.connection.use_time', 'The time between borrowing and returning a connection.');
  const timeouts = meter.createCounter('db.client.connection.timeouts', {
    description: 'The number of times that no connection could be had in time.',
    unit: '{timeout}',
  });
  const count = meter.createObservableUpDownCounter('db.client.connection.count', {
    description: 'The number of connections, by their state.',
    unit: '{connection}',
  });
  const max = meter.createObservableUpDownCounter('db.client.connection.max', {
    description: 'The most connections that are allowed.',
    unit: '{connection}',
  });
  const pending = meter.createObservableUpDownCounter('db.client.connection.pending_requests', {
    description: 'The number of calls that wait for a connection.',
    unit: '{request}',
  });

  const pool = { 'db.client.connection.pool.name': source.database };
  const [used, idle] = ['used', 'idle'].map((state) => ({ ...pool, 'db.client.connection.state': state }));
  const observed = [count, max, pending];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const counts = source.counts();
    result.observe(count, counts.active, used);
    result.observe(count, counts.idle, idle);
    result.observe(max, counts.max, pool);
    result.observe(pending, counts.waiting, pool);
  };
  meter.addBatchObservableCallback(observe, observed);
  timeouts.add(0, pool);

  const attributesOf = statementAttributes(pool);
  const errors = new ErrorTypes();
  const spans = spansOf(api, source);
  const hooks: PoolHooks = {
    onCreated: (ms) => createTime.record(ms / 1000, pool),
    onAcquired: (waitMs) => waitTime.record(waitMs / 1000, pool),
    onAcquireFailed: (reason: AcquireFailure) => {
      if (reason === 'timeout' || reason === 'deadline') timeouts.add(1, pool);
    },
    onLent: () => undefined,
    onReleased: (heldMs) => useTime.record(heldMs / 1000, pool),
    onAsked: spans.onAsked,
    onAnswered: (statement: AnsweredStatement, ms, error) => {
      const { operation } = source.statements.of(statement.text);
      const attributes = attributesOf(operation, error === undefined ? undefined : errors.count(error));
      operationDuration.record(ms / 1000, attributes);
      spans.onAnswered(statement, ms, error, attributes);
    },
    onRetried: () => undefined,
  };
  return { hooks, close: () => meter.removeBatchObservableCallback(observe, observed) };
}

/** One object for each operation and type of error, of which there are few: none is made for a statement. */
function statementAttributes(pool: Attributes): (operation: Operation, errorType: string | undefined) => Attributes {
  const known = new Map<string, Attributes>();
  return (operation, errorType) => {
    const key = errorType === undefined ? operation : `${operation} ${errorType}`;
    let attributes = known.get(key);
    if (attributes === undefined) {
      attributes = {
        ...system,
        ...pool,
        ...(operation === 'OTHER' ? {} : { 'db.operation.name': operation }),
        ...(errorType === undefined ? {} : { 'error.type': errorType === 'other' ? '_OTHER' : errorType }),
      };
      known.set(key, attributes);
    }
    return attributes;
  };
}
