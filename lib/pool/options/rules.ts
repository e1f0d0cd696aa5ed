import {
  boolean,
  callback,
  classWith,
  either,
  explained,
  integer,
  number,
  objectWith,
  oneOf,
  record,
  refused,
  secret,
  text,
} from '../../core/options.js';
import type { Rule, Rules } from '../../core/options.js';
import { circuitRule } from './circuit.js';
import { monitorRule } from './monitor.js';
import { retryRule } from './retry.js';
import type { ResilientPoolOptions } from './types.js';

/** The most that a timer of Node takes, and that PostgreSQL takes for a setting in milliseconds. */
export const longestMs = 2 ** 31 - 1;

const ms = (least: number, most = longestMs): Rule => integer(least, most, 'milliseconds');
const serverTimeout = either(ms(0), oneOf(false));
const acquireTimeout = explained(
  ms(1),
  `${ms(1).expected} (a wait without end is what this pool is there to avoid: choose the longest that a caller can use)`,
);

const hostName: Rule = {
  expected: 'a host name, an address or the folder of a Unix socket (a URL belongs in connectionString)',
  accepts: (value) => text().accepts(value) && !/^[^/].*?(?::\/\/|@|\s)/.test(value as string),
};

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
export const sslNegotiations = ['postgres', 'direct'];

export const connections = integer(1, 10_000);
export const leastConnections = integer(0, 10_000);
export const portNumber = integer(1, 65_535);

export const poolRules: Rules<ResilientPoolOptions> = {
  name: text(1, 63),
  mode: oneOf('enforce', 'observe'),
  acquireTimeoutMs: acquireTimeout,
  queryTimeoutMs: either(ms(1), explained(oneOf(false), 'false for no limit')),
  cancelGraceMs: ms(100, 60_000),
  cancelOnDisconnect: oneOf('reads', 'all', false),
  retry: retryRule,
  circuit: circuitRule,
  monitor: monitorRule,
  verifyCommit: boolean,
  pingAfterIdleMs: either(ms(0), explained(oneOf(false), 'false for never')),
  pingTimeoutMs: ms(10, 60_000),
  resetOnRelease: boolean,
  serverTimeouts: boolean,
  drainTimeoutMs: ms(0),
  logger: objectWith('debug', 'info', 'warn', 'error'),
  pg: secret(record),

  connectionString: secret(explained(text(), 'a postgres:// or postgresql:// URL')),
  host: hostName,
  port: portNumber,
  user: text(),
  password: secret(either(text(0), explained(callback, 'a function that returns one'))),
  database: text(),
  ssl: secret(either(boolean, explained(record, 'an object with the options of tls.connect'))),
  sslnegotiation: oneOf(...sslNegotiations),
  application_name: text(),
  fallback_application_name: text(),
  client_encoding: text(),
  options: secret(text(0)),
  keepAlive: boolean,
  keepAliveInitialDelayMillis: ms(0),
  statement_timeout: serverTimeout,
  lock_timeout: serverTimeout,
  idle_in_transaction_session_timeout: serverTimeout,
  query_timeout: serverTimeout,
  types: objectWith('getTypeParser'),
  stream: explained(callback, 'a function that makes a stream (a pool cannot share one among its connections)'),
  binary: boolean,
  enableChannelBinding: boolean,
  scramMaxIterations: integer(0, longestMs),
  replication: either(boolean, text()),
  Client: explained(
    classWith('connect', 'query', 'end', 'getTransactionStatus', 'getStartupConf'),
    'pg.Client or a subclass of it (pg-native cannot be cancelled)',
  ),

  max: connections,
  min: leastConnections,
  idleTimeoutMillis: either(ms(0), explained(oneOf(null), 'null for never')),
  connectionTimeoutMillis: acquireTimeout,
  maxUses: either(integer(1, Number.MAX_SAFE_INTEGER), oneOf(Infinity)),
  maxLifetimeSeconds: number(0, Math.floor(longestMs / 1000), 'seconds'),
  allowExitOnIdle: boolean,
  onConnect: callback,
  verify: callback,
  log: callback,
};

/** Names of pg that have no place here, each with what to do instead. */
export const refusedRules: Readonly<Record<string, Rule>> = {
  poolSize: refused('use max'),
  Promise: refused('a custom Promise is deprecated in pg; leave it out', (value) => value === Promise),
  pipeline: refused(
    'a cancelled statement would take its neighbours on the same connection with it; leave it out',
    (value) => value === false,
  ),
};
