import { createServer, type Server } from 'node:net';
import {
  ByteCut,
  MessageCut,
  type Cut,
  type CutAfterMessageOptions,
  type CutAfterOptions,
  type OrderedCut,
} from './cuts.js';
import type { Faults } from './lane.js';
import { freePort, listenOn } from './ports.js';
import { ProxyConnection, type Address } from './proxy-connection.js';

/** Options of `startFaultProxy`. */
export interface FaultProxyOptions {
  /** Where connections are passed on to: a `PostgresServer`, or any host and port. */
  target: Address;
  /** The proxy's own port on 127.0.0.1. Default: a free one. */
  port?: number;
}

/**
 * A TCP proxy that fails on demand. Faults apply at once, to open and to new connections, and add up until `pass()`
 * ends them all. Made by `startFaultProxy`.
 */
export class FaultProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #connections = new Set<ProxyConnection>();
  readonly #faults: Faults = {
    latencyMs: 0,
    jitterMs: 0,
    bytesPerSecond: Infinity,
    blackHole: false,
    cuts: new Set(),
  };
  #target: Address;
  #server: Server | undefined;
  #keepHoled = true;
  #accepted = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(target: Address, port: number, server: Server) {
    this.#target = target;
    this.port = port;
    this.#use(server);
  }

  /** Connections that are open on either side, and were not cut or reset. */
  get connections(): number {
    return [...this.#connections].filter(({ over }) => !over).length;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The server's connection string with this proxy in the server's place. */
  connectionString(server: { connectionString: string }): string {
    const url = new URL(server.connectionString);
    url.host = `${this.host}:${String(this.port)}`;
    return url.href;
  }

  /** Heals: ends all faults, listens again, and lets what latency or bandwidth held back go on at once. */
  async pass(): Promise<void> {
    const { blackHole } = this.#faults;
    Object.assign(this.#faults, { latencyMs: 0, jitterMs: 0, bytesPerSecond: Infinity, blackHole: false });
    this.#faults.cuts.clear();
    for (const connection of this.#connections) {
      if (connection.over) continue;
      if (connection.holed && blackHole && !this.#keepHoled) connection.resetAll();
      else if (!connection.holed && !connection.dialled) connection.dial(this.#target);
      connection.heal();
    }
    await this.refuse(false);
  }

  /**
   * Delays everything in both directions; the order is kept.
   *
   * @param ms of each direction, so that a round trip takes twice as long.
   * @param jitterMs up to so much more, at random. Default 0.
   */
  latency(ms: number, jitterMs = 0): void {
    notNegative('latency', ms);
    notNegative('jitter', jitterMs);
    this.#faults.latencyMs = ms;
    this.#faults.jitterMs = jitterMs;
  }

  /** Limits each direction of each connection. */
  bandwidth(bytesPerSecond: number): void {
    if (!(bytesPerSecond > 0))
      throw new RangeError(`bandwidth: ${String(bytesPerSecond)} is not accepted; more than 0 is`);
    this.#faults.bytesPerSecond = bytesPerSecond;
  }

  /** Resets (RST) every open connection, once. New ones are accepted. */
  reset(): void {
    for (const connection of this.#connections) connection.resetAll();
  }

  /**
   * True, the default: new connections are refused (ECONNREFUSED). Open ones live on. False: accepted again, on the
   * same port.
   *
   * @throws Error when another process has taken the port meanwhile.
   */
  refuse(refused = true): Promise<void> {
    const result = this.#turn.then(async () => {
      if (this.#closed !== undefined) throw new Error('The proxy is closed: start another one');
      if (!refused && this.#server === undefined) {
        const server = createServer(serverOptions);
        await listenOn(server, this.port);
        this.#use(server);
      } else if (refused) {
        this.#server?.close();
        this.#server = undefined;
      }
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * Loses all bytes in both directions and tells nobody: connections stay open, new ones are accepted, nothing answers,
   * and an end (FIN or RST) of one side does not reach the other.
   *
   * A connection that has lost bytes stays dead for ever, as a stream must not go on behind a hole. After `pass()` it is
   * reset when one of its ends closes it, or has closed it.
   *
   * @param options.keepAfterHeal false: `pass()` resets the dead connections. Default true.
   */
  blackHole({ keepAfterHeal = true }: { keepAfterHeal?: boolean } = {}): void {
    this.#keepHoled = keepAfterHeal;
    this.#faults.blackHole = true;
    for (const connection of this.#connections) connection.swallow();
  }

  /** Cuts the next connection, or the next few, on which so many bytes have passed. */
  cutAfter(options: CutAfterOptions): Cut {
    return this.#order(new ByteCut(options));
  }

  /**
   * Cuts the next connection, or the next few, at a message of PostgreSQL's protocol: before a COMMIT is sent for
   * instance, or before its confirmation arrives.
   *
   * @throws Error when an open connection is encrypted: its messages cannot be read. One that is encrypted later is
   *   reset, and `done` of the returned cut rejects.
   */
  cutAfterMessage(options: CutAfterMessageOptions): Cut {
    for (const { protocol, over } of this.#connections) {
      if (!over && protocol.phase === 'encrypted') {
        throw new Error(
          'cutAfterMessage: an open connection is encrypted, its messages cannot be read; connect without TLS',
        );
      }
    }
    return this.#order(new MessageCut(options));
  }

  /** New connections go there; open ones stay where they are. */
  retarget(target: Address): void {
    this.#target = target;
  }

  /** Ends the proxy and all of its connections. It cannot be used again. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#turn;
    this.#server?.close();
    this.#server = undefined;
    const connections = [...this.#connections];
    for (const connection of connections) connection.destroy();
    await Promise.all(connections.map(({ closed }) => closed));
  }

  #order(cut: OrderedCut): Cut {
    this.#faults.cuts.add(cut);
    cut.whenOver = () => {
      this.#faults.cuts.delete(cut);
      for (const connection of this.#connections) connection.releaseHeld();
    };
    return cut;
  }

  #use(server: Server): void {
    this.#server = server;
    server.on('connection', (client) => {
      this.#accepted++;
      const connection = new ProxyConnection(client, this.#faults);
      this.#connections.add(connection);
      void connection.closed.then(() => this.#connections.delete(connection));
      if (!this.#faults.blackHole) connection.dial(this.#target);
    });
    // An accept that fails, for want of file descriptors for instance, concerns its client alone.
    server.on('error', () => undefined);
  }
}

// A side that has ended may still read: CancelRequest relies on the server's end, not on the client's.
const serverOptions = { allowHalfOpen: true, noDelay: true };

function notNegative(what: string, ms: number): void {
  if (!(ms >= 0)) throw new RangeError(`${what}: ${String(ms)} ms is not accepted; 0 or more is`);
}

/**
 * Starts a proxy on 127.0.0.1 that passes everything on until it is told to fail.
 *
 * @throws Error when the port that was asked for is taken (EADDRINUSE).
 */
export async function startFaultProxy({ target, port }: FaultProxyOptions): Promise<FaultProxy> {
  for (;;) {
    const chosen = port ?? (await freePort());
    const server = createServer(serverOptions);
    try {
      await listenOn(server, chosen);
      return new FaultProxy(target, chosen, server);
    } catch (error) {
      // Somebody was quicker to take the free port: try another one.
      if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
