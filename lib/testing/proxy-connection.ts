import { Socket } from 'node:net';
import type { OrderedCut } from './cuts.js';
import { Lane, type Faults, type LaneOwner } from './lane.js';
import { ProtocolState } from './protocol.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const nothing = Buffer.alloc(0);

/** One client's connection and the one to the server that belongs to it. */
export class ProxyConnection implements LaneOwner {
  readonly protocol = new ProtocolState();
  readonly #client: Socket;
  // Half-open, as a side that has said its last word still waits for the answer.
  readonly #server = new Socket({ allowHalfOpen: true });
  readonly #faults: Faults;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #dialled = false;
  #holed = false;
  // FIN or RST of a side that arrived while the black hole was open.
  readonly #unheard = new Map<Lane, 'end' | 'reset'>();

  constructor(client: Socket, faults: Faults, closed: () => void) {
    this.#client = client;
    this.#faults = faults;
    this.#toServer = new Lane('toServer', client, this.#server, faults, this.protocol, this);
    this.#toClient = new Lane('toClient', this.#server, client, faults, this.protocol, this);
    this.#server.setNoDelay();
    this.#listen(client, this.#toServer);
    this.#listen(this.#server, this.#toClient);
    const oneClosed = (): void => {
      if (!client.destroyed || !(this.#server.destroyed || !this.#dialled)) return;
      this.#toServer.close();
      this.#toClient.close();
      closed();
    };
    client.on('close', oneClosed);
    this.#server.on('close', oneClosed);
  }

  /** Bytes of this connection were lost, so nothing may be delivered on it any more. */
  get holed(): boolean {
    return this.#holed;
  }

  dial(target: Address): void {
    this.#dialled = true;
    this.#server.connect(target.port, target.host);
  }

  get dialled(): boolean {
    return this.#dialled;
  }

  /** The black hole opens: what is on its way is lost. */
  swallow(): void {
    const lost = [this.#toServer.lose(), this.#toClient.lose()];
    if (lost.includes(true)) this.#holed = true;
  }

  /** The black hole has closed: the ends that nobody heard of arrive. */
  heal(): void {
    for (const [lane, how] of this.#unheard) this.#finish(lane, how);
    this.#unheard.clear();
    this.#toServer.hurry();
    this.#toClient.hurry();
  }

  releaseHeld(): void {
    this.#toServer.releaseHeld();
    this.#toClient.releaseHeld();
  }

  cut(lane: Lane, cut: OrderedCut): void {
    this.#toServer.close();
    this.#toClient.close();
    cut.carriedOut();
    if (cut.reset) {
      // RST discards what was not sent yet, and this side was to get all that came before the cut.
      lane.sink.write(nothing, () => {
        this.resetAll();
      });
    } else {
      this.#client.end();
      this.#server.end();
    }
  }

  resetAll(): void {
    this.#toServer.close();
    this.#toClient.close();
    reset(this.#client);
    reset(this.#server);
    if (!this.#dialled) this.#server.destroy();
  }

  destroy(): void {
    this.#toServer.close();
    this.#toClient.close();
    this.#client.destroy();
    this.#server.destroy();
  }

  #listen(socket: Socket, lane: Lane): void {
    socket.on('data', (bytes: Buffer) => {
      if (this.#faults.blackHole) this.#holed = true;
      else if (!this.#holed) lane.accept(bytes);
    });
    socket.on('end', () => {
      this.#ended(lane, 'end');
    });
    socket.on('error', () => {
      this.#ended(lane, 'reset');
    });
  }

  #ended(lane: Lane, how: 'end' | 'reset'): void {
    if (this.#faults.blackHole) this.#unheard.set(lane, how);
    else this.#finish(lane, how);
  }

  #finish(lane: Lane, how: 'end' | 'reset'): void {
    if (this.#holed) this.resetAll();
    else lane.accept(how);
  }
}

function reset(socket: Socket): void {
  // A socket that is still connecting would first connect, then reset.
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
