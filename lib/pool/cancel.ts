import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { outsideRequests } from '../core/root-scope.js';
import { backendKey, remoteAddress } from './guarded-client.js';

interface CancelConnection {
  stream: { destroy(): void };
  on(event: string, listener: (...args: unknown[]) => void): void;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/** A plain description of a running backend, enough to cancel what it runs. */
export interface CancelTarget {
  host: string;
  port: number;
  processId: number;
  secretKey: number;
  ssl: boolean | ConnectionOptions;
  sslNegotiation?: string | undefined;
  stream?: pg.ClientConfig['stream'];
}

/** Where to cancel what this client runs: its own server, even where its name now resolves to another. */
export function cancelTarget(client: pg.Client, stream?: pg.ClientConfig['stream']): CancelTarget | undefined {
  const key = backendKey(client);
  if (key === undefined) return undefined;
  const { sslNegotiation } = client as { sslNegotiation?: string };
  const reached = client.host.startsWith('/') || stream !== undefined ? undefined : remoteAddress(client);
  return {
    host: reached?.address ?? client.host,
    port: reached?.port ?? client.port,
    ...key,
    ssl: tlsFor(client.ssl, client.host),
    sslNegotiation,
    stream,
  };
}

// The socket goes to an address, the certificate speaks of a name.
function tlsFor(ssl: boolean | ConnectionOptions, name: string): boolean | ConnectionOptions {
  if (ssl === false) return false;
  const named: ConnectionOptions = isIP(name) === 0 ? { host: name, servername: name } : { host: name };
  return Object.assign(
    named,
    ssl === true ? undefined : ssl,
    ssl !== true && 'key' in ssl ? { key: ssl.key } : undefined,
  );
}

/**
 * Sends a CancelRequest on a connection of its own and resolves when the server has closed that connection:
 * only then has the signal been delivered, and only then can it no longer hit the next statement.
 * Resolves to false when it could not be delivered, or not within `timeoutMs`.
 */
export function requestCancel(target: CancelTarget, timeoutMs: number): Promise<boolean> {
  return outsideRequests(
    () =>
      new Promise((resolve) => {
        const Connection = pg.Connection as unknown as new (config: object) => CancelConnection;
        const connection = new Connection({
          ssl: target.ssl,
          sslNegotiation: target.sslNegotiation ?? 'postgres',
          stream: target.stream,
        });
        let sent = false;
        const timer = setTimeout(() => settle(false), timeoutMs);
        timer.unref();
        function settle(delivered: boolean): void {
          clearTimeout(timer);
          connection.stream.destroy();
          resolve(delivered);
        }
        function send(): void {
          sent = true;
          connection.cancel(target.processId, target.secretKey);
        }
        connection.on('error', () => settle(false));
        connection.on('end', () => settle(sent));
        connection.on('sslconnect', send);
        connection.on('connect', () => {
          if (target.ssl === false) send();
          else if (target.sslNegotiation !== 'direct') connection.requestSsl();
        });
        if (target.host.startsWith('/')) connection.connect(`${target.host}/.s.PGSQL.${String(target.port)}`);
        else connection.connect(target.port, target.host);
      }),
  );
}
