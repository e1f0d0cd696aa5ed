import { inspect } from 'node:util';
import { expect } from 'chai';
import { ConfigurationError } from '../../../lib/errors/errors.js';
import { resolvePoolOptions } from '../../../lib/pool/options/index.js';
import type { ResilientPoolOptions } from '../../../lib/pool/options/index.js';

const password = 'hunter2-secret';
const url = `postgres://app:${password}@db:5432/shop`;

interface Refused {
  options?: unknown;
  env?: NodeJS.ProcessEnv;
  option: string;
  says?: (string | RegExp)[];
}

const refused: Refused[] = [
  // not options at all
  { options: url, option: 'options', says: ['{ connectionString }'] },
  { options: [], option: 'options', says: ['an array'] },
  { options: null, option: 'options', says: ['null'] },
  { options: () => url, option: 'options', says: ['a function'] },
  { options: 5, option: 'options', says: ['received 5'] },
  { options: new URL(url), option: 'options', says: ['an object'] },
  { options: new Map([['password', password]]), option: 'options' },

  // unknown
  { options: { hots: 'db' }, option: 'hots', says: ['did you mean "host"', 'pg: {}'] },
  { options: { passwrod: password }, option: 'passwrod', says: ['did you mean "password"'] },
  { options: { maxx: 5 }, option: 'maxx', says: ['did you mean "max"'] },
  { options: { conectionString: url }, option: 'conectionString', says: ['did you mean "connectionString"'] },
  { options: { queryTimeoutMS: 5 }, option: 'queryTimeoutMS', says: ['did you mean "queryTimeoutMs"'] },
  { options: { applicationName: 'x' }, option: 'applicationName', says: ['did you mean "application_name"'] },
  { options: { zzzzzzzzz: password }, option: 'zzzzzzzzz', says: [/^Unknown option "zzzzzzzzz"\. /] },
  { options: { poolsize: 5 }, option: 'poolsize', says: [/^Unknown option "poolsize"\. /] },
  { options: { toString: 5 }, option: 'toString', says: ['Unknown option'] },

  // known elsewhere, not here
  { options: { poolSize: 5 }, option: 'poolSize', says: ['use max'] },
  { options: { Promise: class Bluebird {} }, option: 'Promise', says: ['deprecated in pg'] },
  { options: { pipeline: true }, option: 'pipeline', says: ['cancelled statement'] },
  { options: { pg: { pipeline: true } }, option: 'pg.pipeline', says: ['cancelled statement'] },
  { options: { pg: { password } }, option: 'pg.password', says: ['beside pg: {}'] },
  { options: { pg: { query_timeout: 5 } }, option: 'pg.query_timeout', says: ['beside pg: {}'] },
  { options: { pg: [] }, option: 'pg', says: ['[redacted]', 'an object'] },
  { options: { pg: `password=${password}` }, option: 'pg', says: ['[redacted]'] },

  // cancellation
  { options: { cancelOnDisconnect: true }, option: 'cancelOnDisconnect', says: ['"reads" or "all" or false'] },
  { options: { cancelOnDisconnect: 'writes' }, option: 'cancelOnDisconnect', says: ['received "writes"'] },

  // retries and transactions
  { options: { retry: true }, option: 'retry', says: ['received true', 'false for no retries'] },
  { options: { retry: 3 }, option: 'retry', says: ['received 3', 'an object of its own options'] },
  { options: { retry: { retires: 3 } }, option: 'retry.retires', says: ['did you mean "retries"'] },
  { options: { retry: { retries: 101 } }, option: 'retry.retries', says: ['received 101', 'from 0 to 100'] },
  { options: { retry: { retries: -1 } }, option: 'retry.retries', says: ['received -1'] },
  { options: { retry: { minDelayMs: 1.5 } }, option: 'retry.minDelayMs', says: ['received 1.5'] },
  { options: { retry: { maxDelayMs: 60_001 } }, option: 'retry.maxDelayMs', says: ['received 60001'] },
  {
    options: { retry: { minDelayMs: 200, maxDelayMs: 100 } },
    option: 'retry.maxDelayMs',
    says: ['at least minDelayMs'],
  },
  { options: { retry: { selects: 1 } }, option: 'retry.selects', says: ['received 1'] },
  { options: { retry: { budgetPercent: -1 } }, option: 'retry.budgetPercent', says: ['received -1'] },
  { options: { retry: { budgetPerSecond: NaN } }, option: 'retry.budgetPerSecond', says: ['received NaN'] },
  { options: { verifyCommit: 'yes' }, option: 'verifyCommit', says: ['received "yes"'] },

  // the monitor
  { options: { monitor: true }, option: 'monitor', says: ['received true', 'false for none'] },
  { options: { monitor: { slowQueryMs: 5 } }, option: 'monitor.slowQueryMs', says: ['Unknown option'] },
  { options: { monitor: { slowQueryThresholdMs: -1 } }, option: 'monitor.slowQueryThresholdMs', says: ['received -1'] },
  { options: { monitor: { explain: 'yes' } }, option: 'monitor.explain', says: ['received "yes"'] },
  { options: { monitor: { leakThresholdMs: 9 } }, option: 'monitor.leakThresholdMs', says: ['false for never'] },
  { options: { monitor: { leakThresholdMs: true } }, option: 'monitor.leakThresholdMs', says: ['received true'] },
  { options: { monitor: { repeatedInRequest: 1 } }, option: 'monitor.repeatedInRequest', says: ['from 2 to 1000000'] },
  { options: { monitor: { acquisitionSamples: 0 } }, option: 'monitor.acquisitionSamples', says: ['from 1 to 100000'] },
  { options: { monitor: { statementBytes: 99_999 } }, option: 'monitor.statementBytes', says: ['bytes', '100000'] },
  { options: { monitor: { sqlComments: 1 } }, option: 'monitor.sqlComments', says: ['received 1'] },
  { options: { monitor: { hooks: 'all' } }, option: 'monitor.hooks', says: ['received "all"', 'onAnswered'] },
  { options: { monitor: { hooks: { onAnswered: 5 } } }, option: 'monitor.hooks', says: ['an object with functions'] },
  { options: { monitor: { hooks: { onAnswer: () => 1 } } }, option: 'monitor.hooks', says: ['onAnswered'] },

  // the circuit
  { options: { circuit: true }, option: 'circuit', says: ['received true', 'false for none'] },
  { options: { circuit: 'off' }, option: 'circuit', says: ['received "off"', 'an object of its own options'] },
  { options: { circuit: null }, option: 'circuit', says: ['received null'] },
  { options: { circuit: [] }, option: 'circuit', says: ['an object of its own options'] },
  { options: { circuit: { failuresInRow: 5 } }, option: 'circuit.failuresInRow', says: ['"failuresInARow"'] },
  { options: { circuit: { probe: () => password } }, option: 'circuit.probe', says: ['Unknown option'] },
  { options: { circuit: { openMs: 5 } }, option: 'circuit.openMs', says: ['Unknown option'] },
  { options: { circuit: { mode: 'observe' } }, option: 'circuit.mode', says: ['received "observe"', '"metrics-only"'] },
  { options: { circuit: { mode: false } }, option: 'circuit.mode', says: ['received false'] },
  { options: { circuit: { failuresInARow: 0 } }, option: 'circuit.failuresInARow', says: ['from 1 to 1000'] },
  { options: { circuit: { failuresInARow: 1001 } }, option: 'circuit.failuresInARow', says: ['received 1001'] },
  { options: { circuit: { failuresInARow: 2.5 } }, option: 'circuit.failuresInARow', says: ['a whole number'] },
  { options: { circuit: { failurePercent: 0.5 } }, option: 'circuit.failurePercent', says: ['received 0.5'] },
  { options: { circuit: { failurePercent: 101 } }, option: 'circuit.failurePercent', says: ['from 1 to 100'] },
  { options: { circuit: { failurePercent: NaN } }, option: 'circuit.failurePercent', says: ['received NaN'] },
  { options: { circuit: { failurePercent: '50%' } }, option: 'circuit.failurePercent', says: ['received "50%"'] },
  { options: { circuit: { leastCalls: 0 } }, option: 'circuit.leastCalls', says: ['from 1 to 1000000'] },
  { options: { circuit: { windowMs: 99 } }, option: 'circuit.windowMs', says: ['milliseconds', 'from 100 to 3600000'] },
  { options: { circuit: { windowMs: Infinity } }, option: 'circuit.windowMs', says: ['received Infinity'] },
  { options: { circuit: { probeIntervalMs: 49 } }, option: 'circuit.probeIntervalMs', says: ['from 50 to 60000'] },
  { options: { circuit: { probeIntervalMs: 60_001 } }, option: 'circuit.probeIntervalMs', says: ['60001'] },
  {
    options: { circuit: { slowProbeIntervalMs: 3_600_001 } },
    option: 'circuit.slowProbeIntervalMs',
    says: ['3600001'],
  },
  {
    options: { circuit: { slowProbeIntervalMs: 499 } },
    option: 'circuit.slowProbeIntervalMs',
    says: ['received 499', 'at least probeIntervalMs, which is 500'],
  },
  {
    options: { circuit: { probeIntervalMs: 2000, slowProbeIntervalMs: 1000 } },
    option: 'circuit.slowProbeIntervalMs',
    says: ['received 1000', 'which is 2000'],
  },
  { options: { circuit: { probeTimeoutMs: 9 } }, option: 'circuit.probeTimeoutMs', says: ['from 10 to 60000'] },
  { options: { circuit: { probeTimeoutMs: 60_001 } }, option: 'circuit.probeTimeoutMs', says: ['60001'] },
  { options: { circuit: { rampMs: -1 } }, option: 'circuit.rampMs', says: ['from 0 to 10000'] },
  { options: { circuit: { rampMs: 10_001 } }, option: 'circuit.rampMs', says: ['received 10001'] },
  { options: { circuit: { rampMs: false } }, option: 'circuit.rampMs', says: ['received false'] },

  // the pool's size
  { options: { max: 0 }, option: 'max', says: ['received 0', 'a whole number from 1 to 10000'] },
  { options: { max: 10_001 }, option: 'max', says: ['received 10001'] },
  { options: { max: 2.5 }, option: 'max', says: ['received 2.5'] },
  { options: { max: NaN }, option: 'max', says: ['received NaN'] },
  { options: { max: Infinity }, option: 'max', says: ['received Infinity'] },
  { options: { max: '20' }, option: 'max', says: ['received "20"'] },
  { options: { max: null }, option: 'max', says: ['received null'] },
  { options: { max: 5n }, option: 'max', says: ['received 5n'] },
  { options: { max: { password } }, option: 'max', says: ['received an object'] },
  { options: { max: url }, option: 'max', says: ['[redacted]'] },
  { options: { max: 'x'.repeat(300) }, option: 'max', says: [/received "x{58}…;/] },
  { options: { min: -1 }, option: 'min', says: ['received -1', 'from 0 to 10000'] },
  { options: { min: 21 }, option: 'min', says: ['received 21', 'at most max, which is 20'] },
  { options: { min: 5, max: 4 }, option: 'min', says: ['which is 4'] },
  { options: { maxUses: 0 }, option: 'maxUses', says: ['Infinity'] },
  { options: { maxLifetimeSeconds: -1 }, option: 'maxLifetimeSeconds', says: ['seconds'] },
  { options: { maxLifetimeSeconds: 2_147_484 }, option: 'maxLifetimeSeconds', says: ['2147483'] },
  { options: { idleTimeoutMillis: -1 }, option: 'idleTimeoutMillis', says: ['milliseconds'] },
  { options: { idleTimeoutMillis: Infinity }, option: 'idleTimeoutMillis', says: ['null for never'] },
  { options: { allowExitOnIdle: 'yes' }, option: 'allowExitOnIdle', says: ['true or false'] },
  { options: { onConnect: {} }, option: 'onConnect', says: ['a function'] },
  { options: { verify: true }, option: 'verify', says: ['a function'] },
  { options: { log: console }, option: 'log', says: ['a function'] },

  // time-outs
  { options: { acquireTimeoutMs: 0 }, option: 'acquireTimeoutMs', says: ['of milliseconds from 1 to', 'without end'] },
  { options: { acquireTimeoutMs: false }, option: 'acquireTimeoutMs', says: ['without end'] },
  { options: { acquireTimeoutMs: Infinity }, option: 'acquireTimeoutMs', says: ['without end'] },
  { options: { acquireTimeoutMs: 2 ** 31 }, option: 'acquireTimeoutMs', says: ['2147483647'] },
  { options: { connectionTimeoutMillis: 0 }, option: 'connectionTimeoutMillis', says: ['without end'] },
  {
    options: { acquireTimeoutMs: 100, connectionTimeoutMillis: 200, pingTimeoutMs: 50 },
    option: 'connectionTimeoutMillis',
    says: ['received 200', 'but acquireTimeoutMs', '100'],
  },
  { options: { queryTimeoutMs: 0 }, option: 'queryTimeoutMs', says: ['false for no limit'] },
  { options: { queryTimeoutMs: true }, option: 'queryTimeoutMs', says: ['received true'] },
  { options: { query_timeout: -5 }, option: 'query_timeout', says: ['received -5'] },
  { options: { queryTimeoutMs: 5, query_timeout: 6 }, option: 'query_timeout', says: ['but queryTimeoutMs', '5', '6'] },
  { options: { queryTimeoutMs: 5, query_timeout: 0 }, option: 'query_timeout', says: ['queryTimeoutMs'] },
  { options: { cancelGraceMs: 99 }, option: 'cancelGraceMs', says: ['from 100 to 60000'] },
  { options: { cancelGraceMs: 60_001 }, option: 'cancelGraceMs', says: ['60001'] },
  { options: { pingAfterIdleMs: true }, option: 'pingAfterIdleMs', says: ['false for never'] },
  { options: { pingTimeoutMs: 9 }, option: 'pingTimeoutMs', says: ['from 10 to 60000'] },
  {
    options: { pingTimeoutMs: 500, acquireTimeoutMs: 500 },
    option: 'pingTimeoutMs',
    says: ['received 500', 'less than acquireTimeoutMs'],
  },
  { options: { drainTimeoutMs: Infinity }, option: 'drainTimeoutMs', says: ['received Infinity'] },
  { options: { statement_timeout: '5s' }, option: 'statement_timeout', says: ['received "5s"', 'milliseconds'] },
  { options: { lock_timeout: -1 }, option: 'lock_timeout' },
  { options: { idle_in_transaction_session_timeout: 1.5 }, option: 'idle_in_transaction_session_timeout' },
  { options: { resetOnRelease: 1 }, option: 'resetOnRelease', says: ['true or false'] },
  { options: { serverTimeouts: null }, option: 'serverTimeouts', says: ['received null'] },

  // the rest of ours
  { options: { name: '' }, option: 'name', says: ['1 to 63 characters'] },
  { options: { name: 'x'.repeat(64) }, option: 'name', says: ['1 to 63 characters'] },
  { options: { logger: () => password }, option: 'logger', says: ['debug, info, warn, error'] },
  { options: { logger: { info() {} } }, option: 'logger', says: ['debug, info, warn, error'] },

  // the connection
  { options: { host: '' }, option: 'host' },
  { options: { host: url }, option: 'host', says: ['[redacted]', 'connectionString'] },
  { options: { host: `app:${password}@db` }, option: 'host', says: ['[redacted]'] },
  { options: { port: 0 }, option: 'port', says: ['from 1 to 65535'] },
  { options: { port: 65_536 }, option: 'port' },
  { options: { port: '5432' }, option: 'port', says: ['received "5432"'] },
  { options: { user: '' }, option: 'user', says: ['not empty'] },
  { options: { database: 5 }, option: 'database', says: ['received 5'] },
  { options: { password: { value: password } }, option: 'password', says: ['[redacted]', 'a function'] },
  { options: { password: null }, option: 'password', says: ['[redacted]'] },
  { options: { ssl: 'require' }, option: 'ssl', says: ['tls.connect'] },
  { options: { ssl: [password] }, option: 'ssl', says: ['[redacted]'] },
  { options: { sslnegotiation: 'late' }, option: 'sslnegotiation', says: ['"late"', '"postgres" or "direct"'] },
  { options: { sslnegotiation: 'direct' }, option: 'sslnegotiation', says: ['needs TLS'] },
  { options: { sslnegotiation: 'direct', ssl: false }, option: 'sslnegotiation', says: ['needs TLS'] },
  { options: { application_name: '' }, option: 'application_name' },
  { options: { client_encoding: true }, option: 'client_encoding' },
  { options: { options: [password] }, option: 'options', says: ['[redacted]'] },
  { options: { keepAlive: 1 }, option: 'keepAlive' },
  { options: { keepAliveInitialDelayMillis: -1 }, option: 'keepAliveInitialDelayMillis' },
  { options: { types: {} }, option: 'types', says: ['getTypeParser'] },
  { options: { stream: {} }, option: 'stream', says: ['a function'] },
  { options: { binary: 'true' }, option: 'binary' },
  { options: { enableChannelBinding: 1 }, option: 'enableChannelBinding' },
  { options: { scramMaxIterations: Infinity }, option: 'scramMaxIterations' },
  { options: { replication: 1 }, option: 'replication' },
  { options: { Client: () => ({}) }, option: 'Client', says: ['pg.Client'] },
  { options: { Client: class NotAClient {} }, option: 'Client', says: ['pg.Client'] },

  // connection strings
  { options: { connectionString: '' }, option: 'connectionString' },
  { options: { connectionString: 5 }, option: 'connectionString', says: ['[redacted]'] },
  {
    options: { connectionString: url.replace('postgres', 'mysql') },
    option: 'connectionString',
    says: ['postgres://'],
  },
  { options: { connectionString: `app:${password}@db/shop` }, option: 'connectionString', says: ['postgres://'] },
  {
    options: { connectionString: `postgres://app:${password}@db:port/shop` },
    option: 'connectionString',
    says: ['%40'],
  },
  { options: { connectionString: `postgres://app:%E0${password}@db/shop` }, option: 'connectionString', says: ['%25'] },
  { options: { connectionString: `${url}?port=54x2` }, option: 'connectionString', says: ['port'] },
  { options: { connectionString: `${url}?port=0` }, option: 'connectionString', says: ['port', 'from 1 to 65535'] },
  { options: { connectionString: `${url}?statement_timeout=5s` }, option: 'connectionString', says: ['whole number'] },
  { options: { connectionString: `${url}?query_timeout=-1` }, option: 'connectionString', says: ['query_timeout'] },
  { options: { connectionString: `${url}?sslmode=requrie` }, option: 'connectionString', says: ['verify-full'] },
  {
    options: { connectionString: `${url}?ssl=false` },
    option: 'connectionString',
    says: ['true, 1, 0 or no-verify', 'sslmode=disable'],
  },
  { options: { connectionString: `${url}?sslnegotiation=late` }, option: 'connectionString', says: ['direct'] },
  { options: { connectionString: `${url}?sslrootcert=/nowhere/ca.pem` }, option: 'connectionString', says: ['ENOENT'] },
  {
    options: { connectionString: `${url}?uselibpqcompat=true&sslmode=verify-ca` },
    option: 'connectionString',
    says: ['sslrootcert'],
  },
  {
    options: { connectionString: `${url}?sslnegotiation=direct&sslmode=disable` },
    option: 'connectionString',
    says: [/needs TLS|requires SSL/],
  },

  // contradictions
  { options: { connectionString: url, host: 'db2' }, option: 'host', says: ['"db2"', 'connection string'] },
  { options: { connectionString: url, port: 5433 }, option: 'port', says: ['5433'] },
  { options: { connectionString: url, user: 'App' }, option: 'user', says: ['"App"'] },
  { options: { connectionString: url, database: 'shop2' }, option: 'database', says: ['"shop2"'] },
  { options: { connectionString: `${url}?application_name=a`, application_name: 'b' }, option: 'application_name' },
  { options: { connectionString: `${url}?statement_timeout=1`, statement_timeout: 2 }, option: 'statement_timeout' },
  { options: { connectionString: `${url}?query_timeout=1`, queryTimeoutMs: 2 }, option: 'queryTimeoutMs' },
  { options: { connectionString: `${url}?query_timeout=1`, query_timeout: 2 }, option: 'query_timeout' },
  {
    options: { connectionString: `${url}?options=-c%20a=b`, options: password },
    option: 'options',
    says: ['redacted'],
  },
  { options: { connectionString: `${url}?sslmode=disable`, ssl: true }, option: 'ssl', says: ['one of the two'] },
  { options: { connectionString: `${url}?sslmode=no-verify`, ssl: true }, option: 'ssl' },
  { options: { connectionString: `${url}?sslmode=verify-full`, ssl: { ca: 'x' } }, option: 'ssl' },

  // the environment
  { env: { DB_MAX_CONNECTIONS: '20abc' }, option: 'DB_MAX_CONNECTIONS', says: ['"20abc"', 'from 1 to 10000'] },
  { env: { DB_MAX_CONNECTIONS: '0' }, option: 'DB_MAX_CONNECTIONS' },
  { env: { DB_MAX_CONNECTIONS: '1e3' }, option: 'DB_MAX_CONNECTIONS' },
  { env: { DB_MAX_CONNECTIONS: url }, option: 'DB_MAX_CONNECTIONS', says: ['[redacted]'] },
  { env: { DB_MIN_CONNECTIONS: '-1' }, option: 'DB_MIN_CONNECTIONS', says: ['"-1"'] },
  { env: { DB_MIN_CONNECTIONS: '30' }, option: 'DB_MIN_CONNECTIONS', says: ['which is 20'] },
  { options: { max: 1 }, env: { DB_MIN_CONNECTIONS: '2' }, option: 'DB_MIN_CONNECTIONS', says: ['which is 1'] },
  { env: { CONNECTION_TIMEOUT_SECONDS: '0' }, option: 'CONNECTION_TIMEOUT_SECONDS', says: ['from 0.001 to'] },
  { env: { CONNECTION_TIMEOUT_SECONDS: '30s' }, option: 'CONNECTION_TIMEOUT_SECONDS', says: ['"30s"'] },
  { env: { CONNECTION_TIMEOUT_SECONDS: '2147484' }, option: 'CONNECTION_TIMEOUT_SECONDS', says: ['2147483'] },
  { env: { CONNECTION_TIMEOUT_SECONDS: '0.0001' }, option: 'CONNECTION_TIMEOUT_SECONDS' },
  { env: { MONITORING_ENABLED: 'maybe' }, option: 'MONITORING_ENABLED', says: ['"maybe"', '"off"'] },
  { env: { SLOW_QUERY_THRESHOLD_MS: '1.5' }, option: 'SLOW_QUERY_THRESHOLD_MS', says: ['"1.5"'] },
  { env: { READ_REPLICA_URL: `replica:${password}` }, option: 'READ_REPLICA_URL', says: ['[redacted]'] },
  { env: { READ_REPLICA_URL: `${url},mysql://${password}` }, option: 'READ_REPLICA_URL', says: ['%2C'] },
  { env: { READ_REPLICA_URL: `${url}?sslmode=x` }, option: 'READ_REPLICA_URL', says: ['sslmode'] },
  { env: { DATABASE_URL: `mysql://app:${password}@db/shop` }, option: 'DATABASE_URL', says: ['[redacted]'] },
  { env: { DATABASE_URL: `postgres://app:${password}@db:x/shop` }, option: 'DATABASE_URL', says: ['[redacted]'] },
  {
    options: { ssl: false },
    env: { DATABASE_URL: `${url}?sslnegotiation=direct` },
    option: 'DATABASE_URL',
    says: ['needs TLS'],
  },
  { env: { PGSSLMODE: 'disable', PGSSLNEGOTIATION: 'direct' }, option: 'PGSSLNEGOTIATION', says: ['needs TLS'] },
  { env: { PGPORT: '54x' }, option: 'PGPORT', says: ['"54x"', 'from 1 to 65535'] },
  { env: { PGSSLMODE: 'requrie' }, option: 'PGSSLMODE', says: ['"requrie"', '"verify-full"'] },
  { env: { PGSSLNEGOTIATION: 'late' }, option: 'PGSSLNEGOTIATION', says: ['"late"'] },
  { env: { PGSSLNEGOTIATION: 'direct' }, option: 'PGSSLNEGOTIATION', says: ['needs TLS'] },
];

describe('pool options that are refused', () => {
  for (const { options, env = {}, option, says = [] } of refused) {
    it(`${title(options)} ${title(env)}`, () => {
      const error = refusal(options, env);
      expect(error.option).to.equal(option);
      expect(error.message).to.include(option === 'options' ? '' : option);
      for (const part of says) {
        if (typeof part === 'string') expect(error.message).to.include(part);
        else expect(error.message).to.match(part);
      }
      for (const shown of [error.message, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)]) {
        expect(shown).not.to.include(password);
      }
    });
  }
});

function refusal(options: unknown, env: NodeJS.ProcessEnv): ConfigurationError {
  try {
    resolvePoolOptions(options as ResilientPoolOptions, env);
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  return expect.fail('accepted');
}

function title(value: unknown): string {
  const text = inspect(value, { breakLength: Infinity });
  return text === '{}' || text === 'undefined' ? '' : text.slice(0, 110);
}
