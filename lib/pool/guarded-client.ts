import type { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { PoolEntry } from './pool-entry.js';
import { throwLater } from '../core/root-scope.js';
import { queryThrough } from './query-forms.js';

/** The part of pg's Client that is used beyond its published types, in one place. */
interface ClientInternals {
  processID: number | null;
  secretKey: number | null;
  connection: {
    stream: { destroy(): void; remoteAddress?: string; remotePort?: number };
    parsedStatements: Record<string, string>;
    listeners(event: string): ((...args: unknown[]) => void)[];
    on(event: string, listener: (...args: never[]) => void): void;
  };
}

/** A client that reports to its entry in the pool and sends every statement through it. */
export type GuardedClient = pg.PoolClient & {
  [entryOf]: PoolEntry | undefined;
  /** The connection broke, perhaps before it had an entry to report to. */
  lost: Error | undefined;
  ref(): void;
  unref(): void;
  /** pg's own `query`, past the entry. */
  submit(
    config: unknown,
    values?: unknown,
    callback?: (error: Error | null | undefined, result: unknown) => void,
  ): void;
};

export type ClientClass = typeof pg.Client;

export const entryOf = Symbol('express-db-resilience.entry');

const guardedClasses = new WeakMap<ClientClass, new (config: pg.ClientConfig) => GuardedClient>();

/** A subclass of the given Client class, made once for each. */
export function guardedClass(Base: ClientClass): new (config: pg.ClientConfig) => GuardedClient {
  let known = guardedClasses.get(Base);
  if (known === undefined) {
    known = derive(Base) as new (config: pg.ClientConfig) => GuardedClient;
    guardedClasses.set(Base, known);
  }
  return known;
}

/** pg's Client without its dozen overloads of `query`, so that one implementation can serve them all. */
type PlainClient = new (config: pg.ClientConfig) => EventEmitter & { query(...args: unknown[]): unknown };

function derive(Base: ClientClass): unknown {
  return class GuardedClient extends (Base as unknown as PlainClient) {
    [entryOf]: PoolEntry | undefined = undefined;
    lost: Error | undefined = undefined;

    // `emit` and not listeners: a user's removeAllListeners() must not take away what keeps a dead
    // connection from crashing the process, nor the sign that the server is ready again.
    override emit(event: string, ...args: unknown[]): boolean {
      if (event === 'drain') {
        this[entryOf]?.onReady();
      } else if (event === 'error') {
        this.lost ??= args[0] as Error;
        this[entryOf]?.onConnectionError(this.lost);
        if (this.listenerCount('error') === 0) return false;
      } else if (event === 'end') {
        this.lost ??= new Error('Connection terminated');
        this[entryOf]?.onEnd();
      }
      try {
        return super.emit(event, ...args);
      } catch (error) {
        // A listener of the user's, in the middle of pg's parser.
        throwLater(error);
        return true;
      }
    }

    override query(config: unknown, values?: unknown, callback?: unknown): unknown {
      const entry = this[entryOf];
      return entry === undefined
        ? super.query(config, values, callback)
        : queryThrough(entry, config, values, callback);
    }

    submit(config: unknown, values?: unknown, callback?: unknown): void {
      super.query(config, values, callback);
    }
  };
}

/** What a CancelRequest needs; undefined before the server has told it. */
export function backendKey(client: pg.Client): { processId: number; secretKey: number } | undefined {
  const { processID, secretKey } = client as unknown as ClientInternals;
  return processID === null || secretKey === null ? undefined : { processId: processID, secretKey };
}

/** The address that the socket really reached: a name may resolve to another server the next time. */
export function remoteAddress(client: pg.Client): { address: string; port: number } | undefined {
  const { remoteAddress: address, remotePort: port } = (client as unknown as ClientInternals).connection.stream;
  return address === undefined || port === undefined ? undefined : { address, port };
}

/** Closes the socket now, with no goodbye that a dead link would never carry. */
export function destroySocket(client: pg.Client): void {
  (client as unknown as ClientInternals).connection.stream.destroy();
}

/** Makes pg prepare the named statement again the next time. */
export function forgetStatement(client: pg.Client, name: string): void {
  Reflect.deleteProperty((client as unknown as ClientInternals).connection.parsedStatements, name);
}

/** After DISCARD ALL the server knows no prepared statement any more. */
export function forgetAllStatements(client: pg.Client): void {
  (client as unknown as ClientInternals).connection.parsedStatements = {};
}

/**
 * pg-cursor's `close()`, and with it the end of a query stream, waits for ReadyForQuery, which a dead connection never
 * sends: whoever waits for it, or begins to, is told at once.
 */
export function endClosing(client: pg.Client): void {
  const { connection } = client as unknown as ClientInternals;
  // The first listener is pg's own.
  for (const closing of connection.listeners('readyForQuery').slice(1)) setImmediate(closing);
  connection.on('newListener', (event: string, closing: () => void) => {
    if (event === 'readyForQuery') setImmediate(closing);
  });
}
