import type pg from 'pg';
import type { Environment } from './environment.js';
import type { Backstops, ResolvedPoolOptions } from './types.js';
import { longestMs } from './rules.js';

/**
 * What pg's `Client` takes, made anew for each connection: a password function stays a function, TLS files are read
 * again. It carries the password openly; do not keep or log it.
 *
 * `backstops: false` leaves out the time-outs for the server, for a server (a pooler) that refuses them.
 *
 * @throws ConfigurationError where TLS files that a connection string names have become unreadable.
 */
export function clientConfig(resolved: ResolvedPoolOptions, { backstops = true } = {}): pg.ClientConfig {
  const config: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(resolved.pg)) {
    config[name] = (resolved.pg as Record<string, unknown>)[name];
  }
  return backstops ? Object.assign(config, resolved.backstops) : config;
}

// Late enough that it never fires before our own cancel has had its chance.
const backstopMarginMs = 1000;

export function serverBackstops(
  config: pg.ClientConfig,
  environment: Environment,
  queryTimeoutMs: number | false,
  cancelGraceMs: number,
): Backstops {
  if (queryTimeoutMs === false) return {};
  const commandLine = config.options || environment.text('PGOPTIONS') || '';
  const timeout = Math.min(queryTimeoutMs + cancelGraceMs + backstopMarginMs, longestMs);
  const free = (['statement_timeout', 'idle_in_transaction_session_timeout'] as const).filter(
    (name) => config[name] === undefined && !sets(commandLine, name),
  );
  return Object.fromEntries(free.map((name) => [name, timeout]));
}

/** `-c name=…`, `-cname=…` or `--name=…`, where PostgreSQL takes dashes for underscores and either case. */
function sets(commandLine: string, name: string): boolean {
  return new RegExp(`(?:^|\\s)(?:-c\\s*|--)${name.replaceAll('_', '[_-]')}\\s*=`, 'i').test(commandLine);
}
