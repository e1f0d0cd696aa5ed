import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { PrometheusMetrics } from '../../../lib/metrics/prometheus.js';
import { findProgram, startPrometheus } from '../../support/prometheus.js';
import type { PrometheusServer } from '../../support/prometheus.js';
import { eventually } from '../../support/settle.js';
import { fakeDatabase } from '../../unit/metrics/fake-database.js';

describe('a Prometheus with our alerts', function () {
  this.timeout(60_000);

  const database = fakeDatabase();
  let application: Server;
  let prometheus: PrometheusServer;

  before(async function () {
    const binary = findProgram('prometheus');
    if (binary === undefined) {
      console.log('SKIPPED: no Prometheus is installed (Debian: the package prometheus)');
      this.skip();
    }
    const metrics = new PrometheusMetrics([database.metrics]);
    application = createServer((_request, response) => {
      response.setHeader('content-type', metrics.contentType).end(metrics.render());
    });
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
    const file = (name: string) => readFileSync(`ops/prometheus/${name}`, 'utf8');
    const alerts = file('alerts.yml');
    expect(alerts).to.include('for: 1m');
    prometheus = await startPrometheus(binary, {
      target: `127.0.0.1:${String((application.address() as AddressInfo).port)}`,
      rules: { 'recording.yml': file('recording.yml'), 'alerts.yml': alerts.replaceAll('for: 1m', 'for: 3s') },
    });
  });

  after(async () => {
    await prometheus?.stop();
    application?.closeAllConnections();
    await new Promise((resolve) => (application ? application.close(resolve) : resolve(undefined)));
  });

  const valueOf = (query: string) => prometheus.valueOf(query);
  const states = async () =>
    (await prometheus.alerts()).map(({ labels, state }) => `${String(labels.alertname)} ${state}`).join();

  it('tells of a circuit that opens, while it lasts, and no more once it is closed', async () => {
    await eventually(async () => (await valueOf('db_circuit_breaker_state')) === 0, 10_000, 'the state is read');
    expect(await prometheus.alerts()).to.deep.equal([]);
    const seen = new Set<string>();
    const see = async (wanted: string) => {
      const now = await states();
      seen.add(now);
      return now === wanted;
    };
    database.source.go('open');
    await eventually(() => see('DatabaseCircuitNotClosed firing'), 30_000, 'the alert fires');
    expect([...seen]).to.include('DatabaseCircuitNotClosed pending');
    const [alert] = await prometheus.alerts();
    expect(alert?.labels).to.include({ severity: 'critical', database: 'main', job: 'app' });
    expect(alert?.annotations.summary).to.include('The circuit to database main');
    database.source.go('half-open');
    await eventually(async () => (await valueOf('db_circuit_breaker_state')) === 2, 10_000, 'half-open is read');
    expect(await states(), 'a probe does not end it').to.equal('DatabaseCircuitNotClosed firing');
    database.source.go('closed');
    await eventually(() => see(''), 10_000, 'the alert is resolved');
    expect(await valueOf('db_circuit_breaker_transitions_total{to="open"}')).to.equal(1);
  });

  it('sees the first statements after its first look, and computes their percentiles', async () => {
    for (let i = 0; i < 100; i++) database.answer('select 1', i < 98 ? 3 : 4000);
    const name = 'job_database:db_query_duration_seconds:';
    await eventually(async () => ((await valueOf(`${name}p99_5m`)) ?? 0) > 1, 20_000, 'the 99th percentile');
    expect(await valueOf(`${name}p50_5m`)).to.be.within(0.001, 0.005);
  });

  it('answers each question of the dashboard', async () => {
    const { panels } = JSON.parse(readFileSync('ops/grafana/dashboard.json', 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    database.source.healthNow = { status: 0, probeMs: 1, probedAt: Date.now() };
    await eventually(async () => (await valueOf('db_health_probe_duration_seconds')) !== undefined, 10_000, 'a probe');
    const withoutEvents = new Set(['Failures a second', 'Calls without a connection, a second']);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const query = expr.replaceAll(/\$(?:job|database)/g, '.*').replaceAll('$__rate_interval', '1m');
        const value = await valueOf(query);
        expect(value === undefined, `${title}: ${query}`).to.equal(withoutEvents.has(title));
      }
    }
  });
});
