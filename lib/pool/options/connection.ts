import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { show } from '../../core/options.js';
import { ConfigurationError } from '../../errors/errors.js';
import type { Environment } from './environment.js';
import { readConnectionString } from './connection-string.js';
import type { StatedConnection } from './connection-string.js';
import type { ResilientPoolOptions } from './types.js';

export interface ResolvedConnection {
  config: Readonly<pg.ClientConfig>;
  /** What the connection string says of it: pg's own timer must never see it, it leaves the statement running. */
  queryTimeoutMs: number | undefined;
}

type Source = 'connectionString' | 'DATABASE_URL';

const server = ['host', 'port', 'user', 'database'] as const;
const stateable = [
  ...server,
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'options',
  'replication',
  'sslnegotiation',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
] as const;
const fromCodeOnly = ['types', 'stream', 'binary', 'enableChannelBinding', 'scramMaxIterations'] as const;

/** Puts together where and how to connect: from the code, then a connection string; the PG* variables are left to pg. */
export function resolveConnection(options: ResilientPoolOptions, environment: Environment): ResolvedConnection {
  const { source, stated } = statedConnection(options, environment);
  if (source === 'connectionString') refuseContradictions(options, stated);
  if ((options.port ?? stated.port) === undefined) environment.pgPort();
  checkTls(options, source, stated, environment);

  const config: Record<string, unknown> = {
    fallback_application_name: 'express-db-resilience',
    keepAlive: options.keepAlive ?? true,
    // At 0 the system waits, on Linux for two hours, before the first packet.
    keepAliveInitialDelayMillis: options.keepAliveInitialDelayMillis ?? 10_000,
  };
  for (const name of stateable) setGiven(config, name, options[name] ?? stated[name]);
  for (const name of fromCodeOnly) setGiven(config, name, options[name]);
  const password = options.password ?? stated.password;
  if (password !== undefined) hide(config, 'password', () => password);
  setTls(config, options.ssl, stated.readTls);
  for (const [name, value] of Object.entries(options.pg ?? {})) hide(config, name, () => value);
  return { config: Object.freeze(config), queryTimeoutMs: stated.query_timeout };
}

/** Getters that are not enumerable appear neither in a log, nor in JSON, nor where everything hidden is inspected. */
export function hide(target: object, name: string, get: () => unknown): void {
  Object.defineProperty(target, name, { get, enumerable: false, configurable: true });
}

function statedConnection(
  options: ResilientPoolOptions,
  environment: Environment,
): { source?: Source; stated: StatedConnection } {
  if (options.connectionString !== undefined) {
    return {
      source: 'connectionString',
      stated: readConnectionString('connectionString', options.connectionString),
    };
  }
  const url = server.some((name) => options[name] !== undefined) ? undefined : environment.text('DATABASE_URL');
  if (url === undefined) return { stated: {} };
  return { source: 'DATABASE_URL', stated: readConnectionString('DATABASE_URL', url) };
}

function refuseContradictions(options: ResilientPoolOptions, stated: StatedConnection): void {
  for (const name of stateable) refuseContradiction(name, options[name], stated[name]);
  refuseContradiction('query_timeout', options.query_timeout, stated.query_timeout);
  refuseContradiction('queryTimeoutMs', options.queryTimeoutMs, stated.query_timeout);
  const tls = options.ssl === undefined ? undefined : stated.readTls?.();
  if (tls !== undefined && !isDeepStrictEqual(plainTls(options.ssl), plainTls(tls))) {
    throw new ConfigurationError(
      'ssl',
      'Option "ssl": the connection string has TLS parameters of its own, and they mean something else (pg would ' +
        'follow the string and drop the option); give one of the two',
    );
  }
}

function refuseContradiction(name: string, given: unknown, stated: unknown): void {
  if (given === undefined || stated === undefined || comparable(name, given) === comparable(name, stated)) return;
  throw new ConfigurationError(
    name,
    `Option "${name}": received ${name === 'options' ? '[redacted]' : show(given)}, but the connection string says ` +
      `something else; give one of the two, or both alike`,
  );
}

function comparable(name: string, value: unknown): string {
  const text = String(value === false ? 0 : value);
  return name === 'host' ? text.toLowerCase() : text;
}

function plainTls(ssl: pg.ClientConfig['ssl']): object | false {
  return ssl ? copyTls(ssl === true ? {} : ssl) : false;
}

function checkTls(
  options: ResilientPoolOptions,
  source: Source | undefined,
  stated: StatedConnection,
  environment: Environment,
): void {
  const tls = options.ssl ?? stated.readTls?.() ?? tlsModes.has(environment.pgSslMode() ?? 'disable');
  const [named, negotiation] =
    options.sslnegotiation !== undefined
      ? ['sslnegotiation', options.sslnegotiation]
      : stated.sslnegotiation !== undefined
        ? [source ?? '', stated.sslnegotiation]
        : ['PGSSLNEGOTIATION', environment.pgSslNegotiation()];
  if (negotiation === 'direct' && !tls) {
    throw new ConfigurationError(
      named,
      `${named}: received "direct", which needs TLS, and TLS is off; add ssl: true or sslmode=verify-full`,
    );
  }
}

/** The values of PGSSLMODE that pg takes as "with TLS". */
export const tlsModes = new Set(['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']);

function setGiven(config: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) config[name] = value;
}

function setTls(
  config: Record<string, unknown>,
  ssl: ResilientPoolOptions['ssl'],
  readTls: StatedConnection['readTls'],
): void {
  if (typeof ssl === 'object') hide(config, 'ssl', () => copyTls(ssl));
  else if (ssl !== undefined) config.ssl = ssl;
  else if (readTls !== undefined) hide(config, 'ssl', readTls);
}

/** pg makes `key` of the object that it is given not enumerable; the caller's own must stay as it is. */
function copyTls(ssl: object): object {
  return 'key' in ssl ? { ...ssl, key: ssl.key } : { ...ssl };
}
