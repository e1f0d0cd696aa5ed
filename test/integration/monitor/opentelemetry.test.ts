import { context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { createResilience, runWithDeadline } from '../../../lib/index.js';
import type { Resilience } from '../../../lib/index.js';
import { eventually } from '../../support/settle.js';
import { testDatabase } from '../compat/test-database.js';

describe('OpenTelemetry of a pool', () => {
  let resilience: Resilience;
  let meters: MeterProvider;
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const spans = new InMemorySpanExporter();

  before(async () => {
    const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
    meters = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(meters);
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const { connectionString } = await testDatabase();
    resilience = createResilience({ connectionString, ssl: false, openTelemetry: true, max: 4 });
    await resilience.ready();
  });
  after(async () => {
    await resilience.close();
    await meters.shutdown();
    for (const api of [metrics, trace, context]) api.disable();
  });

  it('has a span for each statement of a request, below the span that it was run in, without values', async () => {
    const tracer = trace.getTracer('a test');
    await tracer.startActiveSpan('GET /notes', async (parent) => {
      await runWithDeadline(5000, async () => {
        await resilience.db.query("select 'hidden' as note, pg_sleep(0.02) /* hidden */");
        await resilience.db.query('select $1::int', ['hidden']).catch(() => undefined);
      });
      parent.end();
    });
    await eventually(() => spans.getFinishedSpans().length >= 3, 5000, 'they are over');
    const [first, second, request] = spans.getFinishedSpans();
    expect([first?.name, second?.name, request?.name]).to.deep.equal(['SELECT', 'SELECT', 'GET /notes']);
    for (const span of [first, second]) {
      expect(span?.parentSpanContext?.spanId).to.equal(request?.spanContext().spanId);
    }
    expect(first?.attributes).to.include({
      'db.system.name': 'postgresql',
      'db.query.text': 'select ? as note, pg_sleep(?)',
    });
    const [seconds, nanos] = first?.duration ?? [0, 0];
    expect(seconds * 1000 + nanos / 1e6).to.be.within(19, 2000);
    expect(second?.status.code).to.equal(SpanStatusCode.ERROR);
    expect(second?.attributes).to.include({ 'db.response.status_code': '22P02', 'error.type': '22P02' });
    expect(JSON.stringify([first?.attributes, second?.attributes, second?.status, second?.events])).not.to.match(
      /hidden/,
    );
  });

  it('has the metrics of the semantic conventions', async () => {
    await meters.forceFlush();
    const all = measured.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: some }) => some));
    const names = all.map(({ descriptor }) => descriptor.name);
    for (const name of ['operation.duration', 'connection.count', 'connection.max', 'connection.wait_time']) {
      expect(names).to.include(`db.client.${name}`);
    }
    const max = all.find(({ descriptor }) => descriptor.name === 'db.client.connection.max');
    expect(max?.dataPoints[0]).to.deep.include({
      value: 4,
      attributes: { 'db.client.connection.pool.name': 'primary' },
    });
  });
});
