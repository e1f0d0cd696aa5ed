import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { HealthOptions } from '../../../lib/compose/options.js';
import { splitOptions } from '../../../lib/compose/options.js';
import type { RoutesOptions } from '../../../lib/express/routes.js';
import { openApi } from '../../../lib/express/openapi.js';
import type { SchemaOptions } from '../../../lib/migrate/initialize-schema.js';
import { resolveMigrationSettings } from '../../../lib/migrate/settings.js';
import { shownTable } from '../../../lib/migrate/table-name.js';
import type { MonitorOptions } from '../../../lib/pool/options/monitor.js';
import { resolvePoolOptions } from '../../../lib/pool/options/index.js';
import { tableRows } from '../../support/table-rows.js';

const readme = readFileSync('README.md', 'utf8');

// Records, so that the compiler asks for a new one.
const ofMonitor: Record<keyof MonitorOptions, true> = {
  slowQueryThresholdMs: true,
  explain: true,
  leakThresholdMs: true,
  repeatedInRequest: true,
  acquisitionSamples: true,
  statementBytes: true,
  sqlComments: true,
  hooks: true,
};
const ofHealth: Record<keyof HealthOptions, true> = { intervalMs: true, timeoutMs: true };
const ofSchema: Record<keyof SchemaOptions, true> = {
  directory: true,
  migrationUrl: true,
  acceptPooler: true,
  table: true,
  lockTimeoutMs: true,
  lockRetryMs: true,
  statementTimeoutMs: true,
  waitMs: true,
  outOfOrder: true,
};
const ofRoutes: Record<keyof RoutesOptions, true> = { authorize: true, health: true, metrics: true, logger: true };

const monitorDefaults = resolvePoolOptions({}, {}).monitor as unknown as Record<string, number | boolean | undefined>;

/** Meaning, default, least and most of an option, as the README has them. */
function told(option: string): { meaning: string; standard: string; least: string; most: string } {
  const rows = tableRows(readme, option);
  expect(rows, option).to.have.length(1);
  const [, meaning = '', standard = '', least = '', most = ''] = rows[0] ?? [];
  return { meaning, standard, least, most };
}

/** Of those that have one in the code, whatever the environment says. */
function schemaDefaults(): Record<string, string | number | undefined> {
  const { acceptPooler, table, lockTimeoutMs, lockRetryMs, statementTimeoutMs, waitMs, outOfOrder } =
    resolveMigrationSettings({ directory: 'migrations' });
  return {
    acceptPooler: String(acceptPooler),
    table: shownTable(table),
    lockTimeoutMs,
    lockRetryMs,
    statementTimeoutMs,
    waitMs,
    outOfOrder: String(outOfOrder),
  };
}

function expectLimits(option: string, accept: (value: number) => unknown): void {
  const { least, most } = told(option);
  for (const value of [least, most]) expect(() => accept(Number(value)), value).not.to.throw();
  for (const value of [Number(least) - 1, Number(most) + 1]) expect(() => accept(value), String(value)).to.throw();
}

describe('README.md', () => {
  for (const name of Object.keys(ofMonitor)) {
    it(`tells the meaning, the default and the limits of monitor.${name}`, () => {
      const { meaning, standard, least } = told(`monitor.${name}`);
      const value = monitorDefaults[name];
      expect(meaning).not.to.equal('');
      expect(standard).to.match(new RegExp(`\\b${value === undefined ? 'none' : String(value)}\\b`));
      expect(least === '', 'has limits').to.equal(typeof value !== 'number');
      if (least === '') return;
      expectLimits(`monitor.${name}`, (given) => resolvePoolOptions({ monitor: { [name]: given } }, {}));
    });
  }

  for (const name of Object.keys(ofHealth)) {
    it(`tells the meaning and the limits of health.${name}`, () => {
      expect(told(`health.${name}`).meaning).not.to.equal('');
      expectLimits(`health.${name}`, (given) => splitOptions({ health: { [name]: given } }));
    });
  }

  for (const name of Object.keys(ofSchema)) {
    it(`tells the meaning, the default and the limits of schema.${name}`, () => {
      const { meaning, standard, least } = told(`schema.${name}`);
      expect(meaning).not.to.equal('');
      const { [name]: value } = schemaDefaults();
      if (value !== undefined) expect(standard).to.equal(typeof value === 'number' ? String(value) : `\`${value}\``);
      expect(least !== '', 'has limits').to.equal(typeof value === 'number' || name === 'table');
      if (typeof value !== 'number') return;
      expectLimits(`schema.${name}`, (given) => splitOptions({ schema: { directory: 'migrations', [name]: given } }));
    });
  }

  it('tells of monitor, openTelemetry and schema', () => {
    for (const option of ['monitor', 'openTelemetry', 'schema']) expect(told(option).meaning).not.to.equal('');
  });

  it('tells of each option of routes()', () => {
    const [, table = ''] = /^\| option of `routes\(\)`.*\n((?:\|.*\n)+)/m.exec(readme) ?? [];
    const named = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(named).to.have.members(Object.keys(ofRoutes));
  });

  it('tells of each route, and of no other', () => {
    const named = [...readme.matchAll(/^\| `GET (\/\S+)`/gm)].map(([, path]) => path);
    expect(named).to.have.members(Object.keys(openApi({ health: true, metrics: true }).paths));
  });
});
