import { Socket } from 'node:net';
import type { OrderedCut } from './cuts.js';
import { Lane, type Faults, type LaneOwner } from './lane.js';
import { ProtocolState } from './protocol.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const nothing = Buffer.alloc(0);
const graceMs = 20;

/** One client's connection and the one to the server that belongs to it. */
export class ProxyConnection implements LaneOwner {
  readonly protocol = new ProtocolState();
  /** Resolves when neither side is open any more. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  // Half-open, as a side that has said its last word still waits for the answer.
  readonly #server = new Socket({ allowHalfOpen: true });
  readonly #faults: Faults;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #dialled = false;
  #holed = false;
  #over = false;
  #grace: NodeJS.Timeout | undefined;
  #oneEnded = false;
  // FIN or RST of a side that arrived while the black hole was open.
  readonly #unheard = new Map<Lane, 'end' | 'reset'>();

  constructor(client: Socket, faults: Faults) {
    this.#client = client;
    this.#faults = faults;
    const shared = { faults, protocol: this.protocol, owner: this };
    this.#toServer = new Lane({ ...shared, direction: 'toServer', source: client, sink: this.#server });
    this.#toClient = new Lane({ ...shared, direction: 'toClient', source: this.#server, sink: client });
    this.#server.setNoDelay();
    this.#listen(client, this.#toServer);
    this.#listen(this.#server, this.#toClient);
    this.closed = Promise.all([closed(client), closed(this.#server)]).then(() => {
      this.#abandon();
    });
  }

  /** Cut, reset or ended, though one of the sides may still have to take note. */
  get over(): boolean {
    return this.#over;
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
    if (this.#holed && this.#oneEnded) this.resetAll();
    for (const [lane, how] of this.#unheard) lane.accept(how);
    this.#unheard.clear();
    this.#toServer.hurry();
    this.#toClient.hurry();
  }

  releaseHeld(): void {
    this.#toServer.releaseHeld();
    this.#toClient.releaseHeld();
  }

  cut(lane: Lane, cut: OrderedCut): void {
    if (cut.reset) this.resetBehind(lane);
    else {
      this.#abandon();
      this.#client.end();
      this.#server.end();
    }
    cut.carriedOut();
  }

  resetBehind(lane: Lane): void {
    this.#abandon();
    // A reset discards what the sender has not sent yet and, in libuv, looks like an orderly end to a receiver who finds
    // it together with the last bytes. So they are sent first, and the receiver gets a moment to take them.
    lane.sink.write(nothing, (error) => {
      if (error != null) {
        this.resetAll();
        return;
      }
      this.#grace = setTimeout(() => {
        setImmediate(() => {
          this.resetAll(); // a receiver in this process had its turn, however late the timer fired
        });
      }, graceMs);
    });
  }

  resetAll(): void {
    this.#abandon();
    reset(this.#client);
    reset(this.#server);
  }

  destroy(): void {
    this.#abandon();
    this.#client.destroy();
    this.#server.destroy();
  }

  // What still comes is read and forgotten.
  #abandon(): void {
    this.#over = true;
    clearTimeout(this.#grace);
    this.#toServer.close();
    this.#toClient.close();
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
    this.#oneEnded = true;
    if (this.#faults.blackHole) this.#unheard.set(lane, how);
    else if (this.#holed) this.resetAll();
    else lane.accept(how);
  }
}

function reset(socket: Socket): void {
  // One that is still connecting would first connect, then reset; one that never did would complain.
  if (socket.pending) socket.destroy();
  else socket.resetAndDestroy();
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', resolve));
}
