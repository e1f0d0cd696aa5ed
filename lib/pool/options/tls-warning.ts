import { BlockList, isIP } from 'node:net';
import { show } from '../../core/options.js';
import { tlsModes } from './connection.js';
import type { ResolvedPoolOptions } from './types.js';

/** A warning where, in production, a database on another machine is reached without TLS; else undefined. */
export function tlsWarning(resolved: ResolvedPoolOptions, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const host = resolved.pg.host ?? (env.PGHOST || 'localhost');
  if (env.NODE_ENV !== 'production' || isLocal(host)) return undefined;
  const tls = resolved.pg.ssl ?? tlsModes.has(env.PGSSLMODE ?? '');
  if (tls) return undefined;
  return (
    `Pool "${resolved.name}" reaches its database on ${show(host)} without TLS: passwords and rows cross the network ` +
    `in the clear. Set ssl: true, sslmode=verify-full in the connection string, or PGSSLMODE=verify-full`
  );
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

function isLocal(host: string): boolean {
  if (host.startsWith('/') || /^(?:.+\.)?localhost\.?$/i.test(host)) return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
