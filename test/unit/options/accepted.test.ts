import { inspect } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '../../../lib/core/logger.js';
import { clientConfig, resolvePoolOptions } from '../../../lib/pool/options/index.js';
import type { ResilientPoolOptions } from '../../../lib/pool/options/index.js';

const noEnv = {};

describe('pool options', () => {
  it('have defaults', () => {
    const { log, Client, logger, ...resolved } = resolvePoolOptions(undefined, noEnv);
    expect(resolved).to.deep.equal({
      name: 'primary',
      mode: 'enforce',
      byHand: { acquireTimeout: false, queryTimeout: false },
      max: 20,
      min: 2,
      acquireTimeoutMs: 30_000,
      queryTimeoutMs: 30_000,
      cancelGraceMs: 2000,
      cancelOnDisconnect: 'reads',
      pingAfterIdleMs: 1000,
      pingTimeoutMs: 1000,
      retry: {
        retries: 3,
        minDelayMs: 50,
        maxDelayMs: 1000,
        selects: false,
        budgetPercent: 20,
        budgetPerSecond: 3,
      },
      circuit: {
        mode: 'on',
        failuresInARow: 5,
        failurePercent: 50,
        leastCalls: 20,
        windowMs: 10_000,
        timeoutsInARow: 5,
        probes: { intervalMs: 500, slowIntervalMs: 5000, timeoutMs: 2000 },
        rampMs: 500,
      },
      verifyCommit: true,
      resetOnRelease: false,
      serverTimeouts: true,
      drainTimeoutMs: 30_000,
      idleTimeoutMs: 10_000,
      maxLifetimeMs: 1_800_000,
      maxUses: Infinity,
      allowExitOnIdle: false,
      onConnect: undefined,
      verify: undefined,
      monitor: {
        slowQueryThresholdMs: 1000,
        explain: true,
        leakThresholdMs: 30_000,
        repeatedInRequest: 20,
        acquisitionSamples: 1000,
        statementBytes: 2_000_000,
        sqlComments: false,
        hooks: undefined,
      },
      backstops: { statement_timeout: 33_000, idle_in_transaction_session_timeout: 33_000 },
      pg: {
        fallback_application_name: 'express-db-resilience',
        keepAlive: true,
        keepAliveInitialDelayMillis: 10_000,
      },
    });
    expect(Client).to.equal(pg.Client);
    expect(logger).to.equal(silentLogger);
    expect(log('nothing happens')).to.equal(undefined);
  });

  it('come out as they were given', () => {
    class Client extends pg.Client {}
    const functions = { onConnect() {}, verify() {}, log() {} };
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const given = {
      name: 'billing',
      max: 1,
      min: 0,
      acquireTimeoutMs: 2_147_483_647,
      queryTimeoutMs: 1,
      cancelGraceMs: 100,
      cancelOnDisconnect: false as const,
      pingAfterIdleMs: 0,
      pingTimeoutMs: 60_000,
      resetOnRelease: true,
      serverTimeouts: false,
      drainTimeoutMs: 0,
      maxUses: 1,
      allowExitOnIdle: true,
    };
    const resolved = resolvePoolOptions(
      { ...given, ...functions, idleTimeoutMillis: 0, maxLifetimeSeconds: 0.0004, Client, logger },
      noEnv,
    );
    expect(resolved).to.include({ ...given, ...functions, idleTimeoutMs: 0, maxLifetimeMs: 1, Client, logger });
    expect(resolved.backstops).to.deep.equal({});
  });

  it("take pg's spellings of never", () => {
    const resolved = resolvePoolOptions(
      { idleTimeoutMillis: null, query_timeout: 0, maxLifetimeSeconds: 0, pingAfterIdleMs: false, maxUses: Infinity },
      noEnv,
    );
    expect(resolved).to.include({ idleTimeoutMs: 0, queryTimeoutMs: false, maxLifetimeMs: 0, pingAfterIdleMs: false });
    expect(resolvePoolOptions({ query_timeout: false }, noEnv).queryTimeoutMs).to.equal(false);
    expect(resolvePoolOptions({ queryTimeoutMs: false, query_timeout: 0 }, noEnv).queryTimeoutMs).to.equal(false);
  });

  it("take pg's names of time-outs, also beside ours if equal", () => {
    expect(resolvePoolOptions({ connectionTimeoutMillis: 5, query_timeout: 6 }, noEnv)).to.include({
      acquireTimeoutMs: 5,
      queryTimeoutMs: 6,
    });
    expect(resolvePoolOptions({ connectionTimeoutMillis: 5, acquireTimeoutMs: 5 }, noEnv).acquireTimeoutMs).to.equal(5);
  });

  it('let defaults make way for what is given', () => {
    expect(resolvePoolOptions({ max: 1 }, noEnv).min).to.equal(1);
    expect(resolvePoolOptions({}, { DB_MAX_CONNECTIONS: '1' }).min).to.equal(1);
    expect(resolvePoolOptions({ acquireTimeoutMs: 500 }, noEnv).pingTimeoutMs).to.equal(250);
    expect(resolvePoolOptions({ acquireTimeoutMs: 1 }, noEnv).pingTimeoutMs).to.equal(1);
  });

  it('take the ends of their ranges', () => {
    expect(resolvePoolOptions({ max: 10_000, min: 10_000 }, noEnv)).to.include({ max: 10_000, min: 10_000 });
    expect(clientConfig(resolvePoolOptions({ options: '', keepAliveInitialDelayMillis: 0 }, noEnv))).to.include({
      options: '',
      keepAliveInitialDelayMillis: 0,
    });
  });

  it('take those of the circuit, and the ends of their ranges', () => {
    const ofCircuit = (circuit: ResilientPoolOptions['circuit']) => resolvePoolOptions({ circuit }, noEnv).circuit;
    const defaults = ofCircuit(undefined);
    expect(ofCircuit({})).to.deep.equal(defaults);
    expect(ofCircuit(false)).to.deep.equal({ ...defaults, mode: 'off' });
    const least = {
      mode: 'off' as const,
      failuresInARow: 1,
      failurePercent: 1,
      leastCalls: 1,
      windowMs: 100,
      timeoutsInARow: 1,
      rampMs: 0,
    };
    expect(ofCircuit({ ...least, probeIntervalMs: 50, slowProbeIntervalMs: 50, probeTimeoutMs: 10 })).to.deep.equal({
      ...least,
      probes: { intervalMs: 50, slowIntervalMs: 50, timeoutMs: 10 },
    });
    const most = {
      mode: 'metrics-only' as const,
      failuresInARow: 1000,
      failurePercent: 100,
      leastCalls: 1_000_000,
      windowMs: 3_600_000,
      timeoutsInARow: 1000,
      rampMs: 10_000,
    };
    const slow = { probeIntervalMs: 60_000, slowProbeIntervalMs: 3_600_000, probeTimeoutMs: 60_000 };
    expect(ofCircuit({ ...most, ...slow })).to.deep.equal({
      ...most,
      probes: { intervalMs: 60_000, slowIntervalMs: 3_600_000, timeoutMs: 60_000 },
    });
    expect(ofCircuit({ failurePercent: 12.5 })).to.deep.equal({ ...defaults, failurePercent: 12.5 });
    expect(ofCircuit({ mode: undefined, rampMs: undefined }), 'undefined is not given').to.deep.equal(defaults);
    expect(ofCircuit({ probeIntervalMs: 9000 }).probes, 'the default makes way').to.include({ slowIntervalMs: 9000 });
    const own = ofCircuit({ failuresInARow: 3 });
    for (const part of [own, own.probes]) expect(part).to.be.frozen;
  });

  it('take those of the monitor, and the ends of their ranges', () => {
    const ofMonitor = (monitor: ResilientPoolOptions['monitor']) => resolvePoolOptions({ monitor }, noEnv).monitor;
    const defaults = ofMonitor(undefined);
    expect(ofMonitor({})).to.deep.equal(defaults);
    expect(ofMonitor(false)).to.equal(false);
    const hooks = { onAnswered: () => undefined };
    for (const own of [
      { slowQueryThresholdMs: 0, leakThresholdMs: 10, repeatedInRequest: 2, acquisitionSamples: 1 },
      { slowQueryThresholdMs: 2_147_483_647, leakThresholdMs: 2_147_483_647, repeatedInRequest: 1_000_000 },
      { acquisitionSamples: 100_000, statementBytes: 1_000_000_000, explain: false, sqlComments: true },
      { leakThresholdMs: false as const, repeatedInRequest: false as const, statementBytes: 100_000, hooks },
    ]) {
      expect(ofMonitor(own)).to.deep.equal({ ...defaults, ...own });
    }
  });

  it('take undefined for not given', () => {
    const given: ResilientPoolOptions = { max: undefined, host: undefined, Client: undefined, pg: undefined };
    expect(resolvePoolOptions(given, noEnv).max).to.equal(20);
    const elsewhere = { Promise: undefined, poolSize: undefined, pipeline: false };
    expect(resolvePoolOptions(elsewhere as ResilientPoolOptions, noEnv).max).to.equal(20);
  });

  it('may come from another realm, or without a prototype', () => {
    const foreign = runInContext('({ max: 3 })', createContext()) as ResilientPoolOptions;
    expect(resolvePoolOptions(foreign, noEnv).max).to.equal(3);
    const bare = Object.assign(Object.create(null) as object, { max: 4 });
    expect(resolvePoolOptions(bare, noEnv).max).to.equal(4);
  });

  it('may be the options of a pg.Pool, whose password is not enumerable', async () => {
    const pool = new pg.Pool({ host: 'db', password: 'hunter2-secret', max: 7 });
    const resolved = resolvePoolOptions(pool.options, noEnv);
    await pool.end();
    expect(resolved.max).to.equal(7);
    expect(clientConfig(resolved).password).to.equal('hunter2-secret');
  });

  it('are typed so that a pg.PoolConfig fits', () => {
    const config: pg.PoolConfig = { host: 'db', connectionTimeoutMillis: 5 };
    const options: ResilientPoolOptions = config;
    expect(resolvePoolOptions(options, noEnv).acquireTimeoutMs).to.equal(5);
  });

  it('are neither changed nor kept open to change', () => {
    const ssl = Object.freeze({ key: 'hunter2-secret', ca: 'x' });
    const options = Object.freeze({ host: 'db', ssl, pg: Object.freeze({ extra: 1 }) });
    const env = Object.freeze({ DB_MAX_CONNECTIONS: '5' });
    const resolved = resolvePoolOptions(options, env);
    new pg.Client(clientConfig(resolved));
    expect(Object.keys(ssl)).to.deep.equal(['key', 'ca']);
    for (const part of [resolved, resolved.pg, resolved.backstops, resolved.monitor, resolved.readReplicaUrls]) {
      expect(part).to.be.frozen;
    }
  });

  it('log to the given logger, else to the one of the caller', () => {
    const [first, second] = [{ ...silentLogger }, { ...silentLogger }];
    expect(resolvePoolOptions({}, noEnv, second).logger).to.equal(second);
    expect(resolvePoolOptions({ logger: first }, noEnv, second).logger).to.equal(first);
  });

  it('show no secret when they are printed', () => {
    const password = 'hunter2-secret';
    const url = `postgres://app:${password}@db/shop`;
    const resolved = [
      resolvePoolOptions({ password, ssl: { key: password, passphrase: password }, pg: { token: password } }, noEnv),
      resolvePoolOptions({ connectionString: `${url}?sslmode=verify-full` }, noEnv),
      resolvePoolOptions({}, { DATABASE_URL: url, READ_REPLICA_URL: `${url},${url}` }),
    ];
    for (const options of resolved) {
      const printed = [
        inspect(options, { depth: 9 }),
        inspect(options, { depth: 9, showHidden: true }),
        JSON.stringify(options),
        inspect({ ...options, pg: { ...options.pg } }, { depth: 9 }),
      ];
      for (const text of printed) expect(text).not.to.include(password);
    }
    expect(resolved[2]?.readReplicaUrls).to.deep.equal([url, url]);
  });
});
