import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ConfigurationError } from '../../../lib/errors/errors.js';
import { exposition } from '../../../lib/metrics/exposition.js';
import { families } from '../../../lib/metrics/families.js';
import { PrometheusMetrics } from '../../../lib/metrics/prometheus.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { fakeDatabase, sqlError, valueOf } from './fake-database.js';

describe('Prometheus metrics', () => {
  it('have each series at zero before anything happens', () => {
    const text = exposition([fakeDatabase().metrics]);
    for (const series of [
      'db_circuit_breaker_state{database="main"}',
      'db_circuit_breaker_transitions_total{database="main",to="half-open"}',
      'db_circuit_breaker_rejections_total{database="main"}',
      'db_connection_pool_acquire_failures_total{database="main",reason="deadline"}',
      'db_connection_create_duration_seconds_count{database="main"}',
      'db_connection_leaks_total{database="main"}',
      'db_connection_leaks_suspected{database="main"}',
      'db_query_duration_seconds_bucket{database="main",operation="MERGE",outcome="cancelled",le="0.5"}',
      'db_query_duration_seconds_sum{database="main",operation="OTHER",outcome="ok"}',
      'db_query_errors_total{database="main",error_type="40001"}',
      'db_query_errors_total{database="main",error_type="DB_DEADLINE_EXCEEDED"}',
      'db_query_errors_total{database="main",error_type="other"}',
      'db_query_timeouts_total{database="main",kind="query"}',
      'db_query_retries_total{database="main",outcome="failed"}',
      'db_slow_queries_total{database="main"}',
      'db_health_status{database="main"}',
      'db_metrics_dropped_series_total{database="main",metric="db_query_errors_total"}',
    ]) {
      expect(valueOf(text, series), series).to.equal(0);
    }
  });

  it('say what is read at the moment', () => {
    const { source, metrics } = fakeDatabase();
    source.circuitState = { state: 'half-open', rejections: 7 };
    source.healthNow = { status: 2, probeMs: 12, probedAt: 1_700_000_000_500 };
    source.leaks = 3;
    source.reported = 1;
    const text = exposition([metrics]);
    const read = Object.fromEntries(
      [
        'db_circuit_breaker_state',
        'db_circuit_breaker_rejections_total',
        'db_connection_pool_max_connections',
        'db_connection_pool_pending_requests',
        'db_connection_pool_utilization_ratio',
        'db_connection_leaks_total',
        'db_connection_leaks_suspected',
        'db_health_status',
        'db_health_probe_duration_seconds',
        'db_health_last_probe_timestamp_seconds',
      ].map((name) => [name, valueOf(text, `${name}{database="main"}`)]),
    );
    expect(read).to.deep.equal({
      db_circuit_breaker_state: 2,
      db_circuit_breaker_rejections_total: 7,
      db_connection_pool_max_connections: 10,
      db_connection_pool_pending_requests: 4,
      db_connection_pool_utilization_ratio: 0.3,
      db_connection_leaks_total: 1,
      db_connection_leaks_suspected: 3,
      db_health_status: 2,
      db_health_probe_duration_seconds: 0.012,
      db_health_last_probe_timestamp_seconds: 1_700_000_000.5,
    });
    expect(valueOf(text, 'db_connection_pool_size{database="main",state="active"}')).to.equal(3);
    expect(valueOf(text, 'db_connection_pool_size{database="main",state="idle"}')).to.equal(2);
  });

  it('say how many errors were folded together', () => {
    const { answer, metrics } = fakeDatabase();
    for (let i = 0; i < 100; i++) answer('select 1', 1, sqlError(`P${String(i).padStart(4, '0')}`));
    const folded = valueOf(exposition([metrics]), 'db_query_errors_total{database="main",error_type="other"}');
    expect(folded).to.be.above(50);
    const dropped = 'db_metrics_dropped_series_total{database="main",metric="db_query_errors_total"}';
    expect(valueOf(exposition([metrics]), dropped)).to.equal(folded);
  });

  it('say 1 of a circuit that is open, be it by hand', () => {
    const { source, metrics } = fakeDatabase();
    for (const [state, value] of Object.entries({ closed: 0, open: 1, isolated: 1 })) {
      source.circuitState = { state: state as 'closed' | 'open' | 'isolated', rejections: 0 };
      expect(valueOf(exposition([metrics]), 'db_circuit_breaker_state{database="main"}'), state).to.equal(value);
    }
  });

  it('count the changes of the circuit until they are closed', () => {
    const { source, metrics } = fakeDatabase();
    source.go('open');
    source.go('half-open');
    source.go('open');
    expect(metrics.transitions).to.deep.equal({ open: 2, 'half-open': 1, closed: 0 });
    metrics.close();
    expect(source.listeners.size).to.equal(0);
  });

  it('say nothing of a probe before there was one', () => {
    const text = exposition([fakeDatabase().metrics]);
    expect(valueOf(text, 'db_health_last_probe_timestamp_seconds{database="main"}')).to.equal(undefined);
    expect(valueOf(text, 'db_health_probe_duration_seconds{database="main"}')).to.equal(undefined);
  });

  it('have the buckets of a histogram added up, as far as all of them', () => {
    const { answer, metrics } = fakeDatabase();
    for (const ms of [0.5, 3, 20_000]) answer('select 1', ms);
    const text = exposition([metrics]);
    const series = (suffix: string, le = '') =>
      valueOf(text, `db_query_duration_seconds${suffix}{database="main",operation="SELECT",outcome="ok"${le}}`);
    expect(series('_bucket', ',le="0.001"')).to.equal(1);
    expect(series('_bucket', ',le="0.005"')).to.equal(2);
    expect(series('_bucket', ',le="10"')).to.equal(2);
    expect(series('_bucket', ',le="+Inf"')).to.equal(3);
    expect(series('_count')).to.equal(3);
    expect(series('_sum')).to.be.closeTo(20.0035, 1e-9);
  });

  it('of several databases have one HELP and one TYPE, and the series of all', () => {
    const [one, two] = [fakeDatabase('one'), fakeDatabase('two')];
    two.answer('select 1', 2000, sqlError('40001'));
    const lines = exposition([one.metrics, two.metrics]).split('\n');
    for (const { name, type } of families) {
      expect(lines.filter((line) => line.startsWith(`# HELP ${name} `))).to.have.length(1);
      expect(lines.filter((line) => line === `# TYPE ${name} ${type}`)).to.have.length(1);
    }
    const text = lines.join('\n');
    expect(valueOf(text, 'db_slow_queries_total{database="one"}')).to.equal(0);
    expect(valueOf(text, 'db_slow_queries_total{database="two"}')).to.equal(1);
    expect(valueOf(text, 'db_query_errors_total{database="two",error_type="40001"}')).to.equal(1);
    const series = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' ')[0]);
    expect(new Set(series).size, 'no series twice').to.equal(series.length);
  });

  it('refuse two databases of one name', () => {
    const databases = [fakeDatabase('same').metrics, fakeDatabase('same').metrics];
    expect(() => new PrometheusMetrics(databases)).to.throw(ConfigurationError, 'Two databases are called "same"');
  });

  it('escape what a name may hold', () => {
    const text = exposition([fakeDatabase('a "b" \\ c\nd').metrics]);
    expect(text).to.include('db_slow_queries_total{database="a \\"b\\" \\\\ c\\nd"} 0\n');
  });

  it('write numbers as Prometheus reads them', () => {
    const { source, metrics } = fakeDatabase();
    source.connections = { ...source.connections, active: 1, max: 0 };
    expect(exposition([metrics])).to.include('db_connection_pool_utilization_ratio{database="main"} +Inf\n');
    source.connections = { ...source.connections, active: 0 };
    expect(exposition([metrics])).to.include('db_connection_pool_utilization_ratio{database="main"} NaN\n');
  });

  it('tell the version of this package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const text = exposition([fakeDatabase().metrics]);
    expect(valueOf(text, `db_resilience_build_info{database="main",version="${version}"}`)).to.equal(1);
  });

  it('are rendered once a second at the most', () => {
    const clock = new FakeClock();
    const { source, metrics } = fakeDatabase();
    const prometheus = new PrometheusMetrics([metrics], clock);
    const state = () => valueOf(prometheus.render(), 'db_circuit_breaker_state{database="main"}');
    expect(state()).to.equal(0);
    source.go('open');
    clock.advance(999);
    expect(state()).to.equal(0);
    clock.advance(1);
    expect(state()).to.equal(1);
    expect(prometheus.contentType).to.equal('text/plain; version=0.0.4; charset=utf-8');
  });
});
