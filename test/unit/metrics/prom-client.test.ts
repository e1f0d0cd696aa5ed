import { expect } from 'chai';
import type { OpenMetricsContentType } from 'prom-client';
import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import { ConfigurationError } from '../../../lib/errors/errors.js';
import { exposition } from '../../../lib/metrics/exposition.js';
import { families } from '../../../lib/metrics/families.js';
import { registerIn } from '../../../lib/metrics/prom-client.js';
import { fakeDatabase, sqlError, valueOf } from './fake-database.js';

const series = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'));

describe('the registry of prom-client', () => {
  let registry: Registry;

  beforeEach(() => {
    registry = new Registry();
  });

  it('shows what our own text shows, beside the metrics of the application', async () => {
    const { answer, hooks, source, metrics } = fakeDatabase();
    answer('select 1', 3);
    answer('insert into t values (1)', 30, sqlError('23505'));
    hooks.onAcquired(12);
    source.go('open');
    new Counter({ name: 'orders_total', help: 'Orders', registers: [registry] }).inc(3);
    registerIn(registry, metrics);
    const text = await registry.metrics();
    expect(valueOf(text, 'orders_total')).to.equal(3);
    expect(series(text)).to.include.members(series(exposition([metrics])));
  });

  it('has the labels of the registry on our series as well', async () => {
    registry.setDefaultLabels({ app: 'shop' });
    registerIn(registry, fakeDatabase().metrics);
    const text = await registry.metrics();
    expect(valueOf(text, 'db_slow_queries_total{database="main",app="shop"}')).to.equal(0);
    const [first] = await registry.getMetricsAsJSON();
    expect(first?.values[0]?.labels).to.deep.equal({ database: 'main', app: 'shop' });
  });

  it('shows several databases, and each of them once', async () => {
    const [one, two] = [fakeDatabase('one').metrics, fakeDatabase('two').metrics];
    registerIn(registry, one);
    registerIn(registry, two);
    registerIn(registry, two);
    const text = await registry.metrics();
    expect(text.match(/^db_slow_queries_total\{/gm)).to.have.length(2);
  });

  it('loses a database that is taken out, and with the last one our metrics', async () => {
    const own = new Counter({ name: 'orders_total', help: 'Orders', registers: [registry] });
    const [one, two] = [fakeDatabase('one').metrics, fakeDatabase('two').metrics];
    const removeOne = registerIn(registry, one);
    const removeTwo = registerIn(registry, two);
    removeOne();
    expect(valueOf(await registry.metrics(), 'db_slow_queries_total{database="one"}')).to.equal(undefined);
    expect(valueOf(await registry.metrics(), 'db_slow_queries_total{database="two"}')).to.equal(0);
    removeOne();
    removeTwo();
    expect(registry.getMetricsAsArray()).to.deep.equal([own]);
    registerIn(registry, one);
    expect(valueOf(await registry.metrics(), 'db_slow_queries_total{database="one"}')).to.equal(0);
  });

  it('has nothing to do with another registry', async () => {
    const other = new Registry();
    const { metrics } = fakeDatabase();
    registerIn(registry, metrics)();
    registerIn(other, metrics);
    expect(await registry.metrics()).not.to.include('db_');
    expect(valueOf(await other.metrics(), 'db_slow_queries_total{database="main"}')).to.equal(0);
  });

  it('is left as it was where it has a metric of such a name, or a database of that name', () => {
    const taken = new Counter({ name: 'db_slow_queries_total', help: 'Mine', registers: [registry] });
    expect(() => registerIn(registry, fakeDatabase().metrics)).to.throw(ConfigurationError, 'db_slow_queries_total');
    expect(registry.getMetricsAsArray()).to.deep.equal([taken]);
    registry.clear();
    registerIn(registry, fakeDatabase().metrics);
    expect(() => registerIn(registry, fakeDatabase().metrics)).to.throw(ConfigurationError, 'Two databases');
    expect(registry.getMetricsAsArray()).to.have.length(families.length);
  });

  it('shows them again after it was cleared, and keeps the counts when it is reset', async () => {
    const { metrics, answer } = fakeDatabase();
    answer('select 1', 5000);
    registerIn(registry, metrics);
    registry.clear();
    registerIn(registry, metrics);
    registry.resetMetrics();
    expect(valueOf(await registry.metrics(), 'db_slow_queries_total{database="main"}')).to.equal(1);
  });

  it('may be of the OpenMetrics kind', async () => {
    const open = new Registry<OpenMetricsContentType>();
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const { metrics } = fakeDatabase();
    const remove = registerIn(open, metrics);
    await open.metrics();
    open.clear();
    registerIn(open, metrics);
    await open.metrics();
    registerIn(open, metrics);
    const text = await open.metrics();
    expect(text).to.include('# TYPE db_slow_queries counter\n');
    expect(text.match(/^db_slow_queries_total\{/gm)).to.have.length(1);
    expect(text).to.match(/^db_query_duration_seconds_bucket\{.*le="\+Inf"\} 0$/m);
    remove();
    expect(open.getMetricsAsArray()).to.deep.equal([]);
  });

  it('adds up the counts of several processes', async () => {
    const workers = [fakeDatabase(), fakeDatabase()];
    workers[0]?.answer('select 1', 5000);
    workers[1]?.answer('select 1', 5000);
    workers[1]?.source.go('open');
    for (const { source } of workers) source.healthNow = { status: 2, probeMs: 1, probedAt: 1 };
    const told = workers.map(({ metrics }) => {
      const own = new Registry();
      registerIn(own, metrics);
      return own.getMetricsAsJSON();
    });
    const text = await AggregatorRegistry.aggregate(await Promise.all(told)).metrics();
    expect(valueOf(text, 'db_slow_queries_total{database="main"}')).to.equal(2);
    expect(valueOf(text, 'db_circuit_breaker_state{database="main"}')).to.equal(1);
    expect(valueOf(text, 'db_health_status{database="main"}'), 'no sum').to.equal(2);
    expect(text).to.match(/^db_query_duration_seconds_count\{.*operation="SELECT",outcome="ok"\} 2$/m);
  });
});
