import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { exposition } from '../../../lib/metrics/exposition.js';
import { registerIn } from '../../../lib/metrics/prom-client.js';
import { findProgram, promtool } from '../../support/prometheus.js';
import { fakeDatabase, sqlError } from '../../unit/metrics/fake-database.js';
import type { FakeDatabase } from '../../unit/metrics/fake-database.js';

const rules = ['ops/prometheus/recording.yml', 'ops/prometheus/alerts.yml'];

function busy(name: string): FakeDatabase {
  const database = fakeDatabase(name);
  database.answer('select 1', 12);
  database.answer('insert into t values (1)', 2000, sqlError('23505'));
  database.source.healthNow = { status: 1, probeMs: 0.123, probedAt: 1_700_000_000_123 };
  return database;
}

describe('promtool', () => {
  let binary: string;

  before(function () {
    const found = findProgram('promtool');
    if (found === undefined) {
      console.log('SKIPPED: no promtool is installed (Debian: the package prometheus)');
      this.skip();
    }
    binary = found;
  });

  it('has nothing to say against our metrics', async () => {
    const text = exposition([busy('one').metrics, busy('a "b" \\ c\nd').metrics]);
    expect(await promtool(binary, ['check', 'metrics'], text)).to.deep.equal({ code: 0, output: '' });
    const broken = await promtool(
      binary,
      ['check', 'metrics'],
      `${text}db_health_status{database="x" 1
`,
    );
    expect(broken.code, 'it does look').not.to.equal(0);
  });

  it('has nothing to say against them in the registry of prom-client', async () => {
    const registry = new Registry();
    registerIn(registry, busy('one').metrics);
    registerIn(registry, busy('two').metrics);
    expect(await promtool(binary, ['check', 'metrics'], await registry.metrics())).to.deep.equal({
      code: 0,
      output: '',
    });
  });

  it('understands the rules', async () => {
    const { code, output } = await promtool(binary, ['check', 'rules', '--lint=all', '--lint-fatal', ...rules]);
    expect(code, output).to.equal(0);
    expect(output.match(/SUCCESS: \d+ rules found/g)).to.have.length(2);
  });

  it('finds that the rules do what their tests say', async () => {
    const folder = 'ops/prometheus/tests';
    const files = readdirSync(folder).map((file) => join(folder, file));
    const { code, output } = await promtool(binary, ['test', 'rules', ...files]);
    expect(code, output).to.equal(0);
  });
});

describe('the rules and the dashboard', () => {
  const names = new Set(
    exposition([busy('one').metrics])
      .split('\n')
      .map((line) => /^(db_\w+)/.exec(line)?.[1])
      .filter((name) => name !== undefined),
  );
  const alerts = readFileSync('ops/prometheus/alerts.yml', 'utf8');
  const recording = readFileSync('ops/prometheus/recording.yml', 'utf8');
  const dashboard = readFileSync('ops/grafana/dashboard.json', 'utf8');
  const used = (text: string) => text.match(/(?<![\w:])db_\w+/g) ?? [];

  it('ask for metrics only that there are', () => {
    for (const text of [alerts, recording, dashboard]) {
      expect(used(text)).not.to.deep.equal([]);
      expect(used(text).filter((name) => !names.has(name))).to.deep.equal([]);
    }
  });

  it('ask for recorded series only that are recorded', () => {
    const recorded = Array.from(recording.matchAll(/record: (\S+)/g), ([, name]) => name);
    const asked = [alerts, recording].flatMap((text) => text.match(/\bjob_database\w*:\w+:\w+/g) ?? []);
    expect(asked.filter((name) => !recorded.includes(name))).to.deep.equal([]);
  });

  it('have words for each alert', () => {
    const all = alerts.split('- alert: ').slice(1);
    expect(all).to.have.length(8);
    for (const alert of all)
      expect(alert).to.match(/severity: (?:critical|warning)\n[^]*summary: [^]*description: [^]*runbook: /);
  });

  it('let one choose data source and database, on panels that do not overlap', () => {
    const { panels, templating } = JSON.parse(dashboard) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number }; targets: { expr: string }[] }[];
      templating: { list: { name: string }[] };
    };
    expect(templating.list.map(({ name }) => name)).to.deep.equal(['datasource', 'job', 'database']);
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    const cells = new Set<string>();
    for (const { gridPos, targets } of panels) {
      for (const { expr } of targets) expect(expr).to.include('database=~"$database"');
      expect(gridPos.x + gridPos.w).to.be.at.most(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${String(x)} ${String(y)}`)).to.equal(false);
          cells.add(`${String(x)} ${String(y)}`);
        }
      }
    }
  });
});
