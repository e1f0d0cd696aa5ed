import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { findProgram, promtool, startPrometheus } from '../../support/prometheus.js';
import type { PrometheusServer } from '../../support/prometheus.js';
import { eventually } from '../../support/settle.js';
import { Example } from './run-example.js';

const ALERT = 'DatabaseCircuitNotClosed';

describe('the monitoring of the main example', function () {
  this.timeout(120_000);
  let example: Example;

  beforeEach(async () => {
    example = new Example();
    await example.says('Ctrl-C ends the example');
  });
  afterEach(async () => {
    example.signal('SIGKILL');
    await example.exits(5000);
    await example.leavesNothing();
  });

  const body = async (path: string) => (await example.get(path)).body as Record<string, unknown>;

  it('tells of what is slow, repeated and never given back, in its output and over HTTP', async () => {
    expect((await example.get('/slow?seconds=1')).status).to.equal(200);
    await example.says('plan: Function Scan on pg_sleep, Seq Scan on exploits');
    expect(example.output).to.match(/A slow statement\n {4}1\d\d\d ms: select count\(\*\) from\s/);

    const { body: exploits } = await example.get('/mistakes/n-plus-one');
    const { source } = await body('/exploits/7');
    expect(exploits).to.have.length(30).and.to.have.nested.property('[6].source', source);
    await example.says('One statement has run 20 times in one request');
    expect(example.output).to.match(/select name from sources where id = \?\n {4}called at \S+mistakes\.js:\d+/);

    expect((await example.post('/mistakes/leak')).status).to.equal(202);
    await example.says('was it released?');
    expect(example.output).to.match(/borrowed at \S+mistakes\.js:\d+/);

    const metrics = await body('/api/metrics/database');
    expect(metrics).to.have.property('monitoring_enabled', true);
    const health = metrics.health_status as Record<string, unknown>;
    expect(health).to.include.keys('utilization_pct', 'acquisition_failures', 'warnings', 'avg_acquisition_ms');
    expect(health).to.include({ status: 'warning', acquisition_failures: 0, active: 1, max: 5 });
    expect(health.total_acquisitions).to.be.within(34, 60);
    expect(health.p95_acquisition_ms).to.be.within(0, health.max_acquisition_ms as number);
    expect(metrics).to.have.nested.property('slow_queries[0].plan[0].Plan.Node Type', 'Aggregate');
    expect(metrics.pool_config).to.include({ max: 5, slow_query_threshold_ms: 500, leak_threshold_ms: 5000 });
    expect(metrics).to.have.nested.property('leak_warnings[0].borrowed_at').that.includes('mistakes.js');

    const { queries } = (await body('/api/metrics/queries?limit=10')) as { queries: Record<string, unknown>[] };
    expect(queries[0]).to.include({ calls: 1 }).and.have.property('statement').that.includes('pg_sleep(?)');
    expect(queries.map(({ calls }) => calls)).to.include(30);
    expect(await body('/api/health/database')).to.include({ status: 'degraded', circuit: 'closed' });
    expect(await body('/api/metrics/server')).to.include({ is_in_recovery: false, max_connections: 100 });
    expect(await body('/api/openapi.json'))
      .to.have.property('paths')
      .that.includes.keys('/metrics/database');
    await example.says('A connection that was held for long has come back');
  });

  it('has metrics that promtool has nothing to say against, while all is well and while nothing is', async function () {
    const binary = findProgram('promtool');
    if (binary === undefined) {
      console.log('SKIPPED: no promtool is installed (Debian: the package prometheus)');
      this.skip();
    }
    const check = async () => {
      const { headers, body: text } = await example.get('/api/metrics');
      expect(headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
      expect(await promtool(binary, ['check', 'metrics'], text as string)).to.deep.equal({ code: 0, output: '' });
      return text as string;
    };
    await example.get('/exploits');
    expect(await check()).to.include('db_circuit_breaker_state{database="primary"} 0');
    await example.post('/faults/kill');
    await eventually(
      async () => (await check()).includes('db_circuit_breaker_state{database="primary"} 1'),
      20_000,
      '',
    );
  });

  describe('with a Prometheus that scrapes it', () => {
    let prometheus: PrometheusServer | undefined;
    afterEach(() => prometheus?.stop());

    it('has the alert of its circuit pending for a minute, then firing, and gone once it is healed', async function () {
      const binary = findProgram('prometheus');
      if (binary === undefined) {
        console.log('SKIPPED: no Prometheus is installed (Debian: the package prometheus)');
        this.skip();
      }
      const file = (name: string) => readFileSync(`ops/prometheus/${name}`, 'utf8');
      const scraping = await startPrometheus(binary, {
        target: new URL(example.url).host,
        path: '/api/metrics',
        rules: { 'recording.yml': file('recording.yml'), 'alerts.yml': file('alerts.yml') },
      });
      prometheus = scraping;
      const state = () => scraping.valueOf('db_circuit_breaker_state');
      const alert = async () => (await scraping.alerts()).find(({ labels }) => labels.alertname === ALERT);
      await eventually(async () => (await state()) === 0, 10_000, 'the example is scraped');
      expect(await alert()).to.equal(undefined);

      await example.post('/faults/kill');
      await example.says('The circuit is open');
      const openedAt = performance.now();
      await eventually(async () => (await alert())?.state === 'pending', 10_000, 'the alert is pending');
      const pendingAt = performance.now();
      await sleep(50_000);
      expect(await alert(), 'before its minute is over').to.have.property('state', 'pending');
      await eventually(async () => (await alert())?.state === 'firing', 20_000, 'the alert fires');
      const firingAt = performance.now();
      expect(firingAt - pendingAt).to.be.above(58_000);
      // A second each for the rendering, the scrape and the evaluation, and all of it fourfold.
      expect(firingAt - openedAt).to.be.below(72_000);
      expect(await alert())
        .to.have.property('labels')
        .that.includes({ severity: 'critical', database: 'primary' });
      expect(await state()).to.be.oneOf([1, 2]);

      await example.post('/faults/heal');
      await example.says('The circuit is closed');
      await eventually(async () => (await alert()) === undefined, 10_000, 'the alert is resolved');
      expect(await state()).to.equal(0);
    });
  });
});
