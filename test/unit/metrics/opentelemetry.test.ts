import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { Scope } from '../../../lib/core/scope/scope.js';
import { QueryTimeoutError } from '../../../lib/errors/errors.js';
import { openTelemetry } from '../../../lib/metrics/opentelemetry.js';
import type { OpenTelemetry } from '../../../lib/metrics/opentelemetry.js';
import { FakeSource, sqlError } from './fake-database.js';

const pool = { 'db.client.connection.pool.name': 'main' };

describe('OpenTelemetry', () => {
  let meters: MeterProvider;
  let measured: InMemoryMetricExporter;
  let spans: InMemorySpanExporter;
  let source: FakeSource;
  let telemetry: OpenTelemetry;

  beforeEach(async () => {
    measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
    meters = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(meters);
    spans = new InMemorySpanExporter();
    const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    trace.setGlobalTracerProvider(tracers);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    source = new FakeSource('main');
    telemetry = (await openTelemetry(source))!;
  });

  afterEach(async () => {
    telemetry.close();
    await meters.shutdown();
    metrics.disable();
    trace.disable();
    context.disable();
  });

  async function points(name: string): Promise<{ attributes: object; value: unknown }[]> {
    measured.reset();
    await meters.forceFlush();
    const all = measured.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: some }) => some));
    const metric = all.find(({ descriptor }) => descriptor.name === name);
    return metric?.dataPoints ?? [];
  }

  function answer(text: string, ms: number, error?: Error, scope?: Scope): void {
    telemetry.hooks.onAnswered(
      { text, requestId: undefined, rows: 1, answeredAt: 0, ...(scope && { scope }) },
      ms,
      error,
    );
  }

  it('gets the duration of each statement in seconds, by operation and type of error', async () => {
    answer('select 1', 20);
    answer('select 2', 40);
    answer('vacuum', 1, sqlError('no code at all'));
    answer('insert into t values (1)', 1, sqlError('23505'));
    const found = await points('db.client.operation.duration');
    expect(found.map(({ attributes }) => attributes)).to.deep.equal([
      { ...pool, 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' },
      { ...pool, 'db.system.name': 'postgresql', 'error.type': '_OTHER' },
      { ...pool, 'db.system.name': 'postgresql', 'db.operation.name': 'INSERT', 'error.type': '23505' },
    ]);
    const { count, sum, buckets } = found[0]?.value as Histogram;
    expect(count).to.equal(2);
    expect(sum).to.be.closeTo(0.06, 1e-9);
    expect(buckets.boundaries).to.deep.equal([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
  });

  it('gets the connections as they are when it asks, until it is closed', async () => {
    const state = 'db.client.connection.state';
    source.connections = { size: 7, active: 6, idle: 1, waiting: 9, max: 8 };
    const found = await points('db.client.connection.count');
    expect(found.map(({ attributes, value }) => [attributes, value])).to.deep.equal([
      [{ ...pool, [state]: 'used' }, 6],
      [{ ...pool, [state]: 'idle' }, 1],
    ]);
    expect((await points('db.client.connection.max'))[0]?.value).to.equal(8);
    expect((await points('db.client.connection.pending_requests'))[0]?.value).to.equal(9);
    telemetry.close();
    let asked = 0;
    source.counts = () => {
      asked++;
      return source.connections;
    };
    await points('db.client.connection.max');
    expect(asked).to.equal(0);
  });

  it('gets what opening, waiting and holding took, and how often no connection came in time', async () => {
    const { hooks } = telemetry;
    hooks.onCreated(1000);
    hooks.onAcquired(2000);
    hooks.onReleased(3000, undefined);
    for (const [kind, seconds] of Object.entries({ create: 1, wait: 2, use: 3 })) {
      const [point] = await points(`db.client.connection.${kind}_time`);
      expect(point?.attributes).to.deep.equal(pool);
      expect((point?.value as Histogram).sum).to.equal(seconds);
    }
    expect((await points('db.client.connection.timeouts'))[0]?.value).to.equal(0);
    for (const reason of ['timeout', 'deadline', 'circuit-open', 'closed'] as const) hooks.onAcquireFailed(reason, 1);
    expect((await points('db.client.connection.timeouts'))[0]?.value).to.equal(2);
  });

  it('gets a span for a statement of a request, below what was active where it was asked for', () => {
    const tracer = trace.getTracer('test');
    const scope = new Scope(false);
    const text = `select * from accounts where secret = 'hunter2'`;
    const parent = tracer.startSpan('GET /accounts');
    context.with(trace.setSpan(context.active(), parent), () => telemetry.hooks.onAsked(text, scope));
    const before = Date.now();
    answer(text, 250, undefined, scope);
    const [span] = spans.getFinishedSpans();
    expect(span).to.include({ name: 'SELECT', kind: SpanKind.CLIENT });
    expect(span?.parentSpanContext?.spanId).to.equal(parent.spanContext().spanId);
    expect(span?.attributes).to.deep.equal({
      ...pool,
      'db.system.name': 'postgresql',
      'db.operation.name': 'SELECT',
      'db.query.text': 'select * from accounts where secret = ?',
    });
    expect(span?.duration[1]).to.be.closeTo(250e6, 2e6);
    expect(span!.endTime[0] * 1000 + span!.endTime[1] / 1e6).to.be.within(before - 1, before + 1000);
  });

  it('says in the span why a statement failed, and no word of the database', () => {
    const scope = new Scope(false);
    telemetry.hooks.onAsked('vacuum', scope);
    answer('vacuum', 1, sqlError('23505', 'Key (email)=(a@b.c) already exists'), scope);
    answer('vacuum', 1, new QueryTimeoutError(1, { outcome: 'unknown' }), scope);
    const [refused, late] = spans.getFinishedSpans();
    expect(refused?.name).to.equal('postgresql');
    expect(refused?.status).to.deep.equal({ code: SpanStatusCode.ERROR });
    expect(refused?.attributes).to.include({ 'error.type': '23505', 'db.response.status_code': '23505' });
    expect(late?.attributes).to.include({ 'error.type': 'DB_QUERY_TIMEOUT' });
    expect(late?.attributes).not.to.have.property('db.response.status_code');
    expect(JSON.stringify([refused?.attributes, refused?.events])).not.to.include('a@b.c');
  });

  it('gets no span for a statement of no request', () => {
    answer('select 1', 1);
    answer('select 1', 1, undefined, new Scope(false));
    expect(spans.getFinishedSpans()).to.deep.equal([]);
  });
});
