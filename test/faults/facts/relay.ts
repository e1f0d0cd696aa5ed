import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A relay in front of a server that looks at single messages, where the fault proxy treats a whole link:
 * it notes how each connection begins, and can deliver ReadyForQuery later than what the server sent before it.
 */
export class Relay {
  /** The request code that each connection began with; 80877103 is an SSLRequest, 80877102 a CancelRequest. */
  readonly requestCodes: number[] = [];
  /** How long each ReadyForQuery is held back from now on. Nothing comes after it until the client has it. */
  holdReadyMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: { host: string; port: number }) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
      client.once('data', (bytes) => this.requestCodes.push(bytes.readInt32BE(4)));
      client.pipe(server);
      server.on('data', (bytes) => this.#pass(bytes, client));
      server.on('end', () => client.end());
      this.#bindLives(client, server);
      this.#bindLives(server, client);
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  connectionString(server: { connectionString: string }): string {
    const url = new URL(server.connectionString);
    url.port = String(this.port);
    return url.href;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(bytes: Buffer, client: Socket): void {
    const held = this.holdReadyMs > 0 && endsWithReady(bytes) ? readyLength : 0;
    client.write(bytes.subarray(0, bytes.length - held));
    if (held > 0) setTimeout(() => client.write(bytes.subarray(-held)), this.holdReadyMs);
  }

  #bindLives(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}

/** `Z`, a length of 5, the transaction status. */
const readyLength = 6;

function endsWithReady(bytes: Buffer): boolean {
  const at = bytes.length - readyLength;
  return at >= 0 && bytes[at] === 0x5a && bytes.readInt32BE(at + 1) === readyLength - 1;
}
