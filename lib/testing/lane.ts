import type { Socket } from 'node:net';
import type { OrderedCut } from './cuts.js';
import { Framer, type Direction, type Phase, type Piece, type ProtocolState } from './protocol.js';

/** The faults of a proxy that are in force; shared by all of its connections. */
export interface Faults {
  latencyMs: number;
  jitterMs: number;
  bytesPerSecond: number;
  blackHole: boolean;
  readonly cuts: Set<OrderedCut>;
}

/** Bytes on their way, or the sender's end (FIN) or reset (RST), which must not overtake them. */
interface Parcel {
  content: Buffer | 'end' | 'reset';
  dueAt: number;
}

const mostQueued = 1024 * 1024;
const slicesPerSecond = 50;
const nothing = Buffer.alloc(0);
const unreadable = new Map<Phase, string>([
  ['encrypted', 'the connection is encrypted, its messages cannot be read; connect without TLS'],
  ['foreign', "what passes is not PostgreSQL's protocol"],
]);

/** What a lane asks of its connection. */
export interface LaneOwner {
  cut(lane: Lane, cut: OrderedCut): void;
  resetBehind(lane: Lane): void;
  resetAll(): void;
}

export interface Route {
  readonly direction: Direction;
  readonly source: Socket;
  readonly sink: Socket;
  readonly faults: Faults;
  readonly protocol: ProtocolState;
  readonly owner: LaneOwner;
}

/** One direction of a connection: reads from `source` and writes to `sink`, subject to the faults. */
export class Lane {
  readonly #route: Route;
  readonly #framer: Framer;
  #queue: Parcel[] = [];
  #queued = 0;
  #freeAt = 0; // when the link has carried what was given to it, at its bandwidth
  #timer: NodeJS.Timeout | undefined;
  #sinkFull = false;
  #closed = false;

  constructor(route: Route) {
    this.#route = route;
    this.#framer = new Framer(route.direction, route.protocol);
    route.sink.on('drain', () => {
      this.#sinkFull = false;
      this.#pump();
    });
  }

  get sink(): Socket {
    return this.#route.sink;
  }

  accept(content: Buffer | 'end' | 'reset'): void {
    if (this.#closed) return;
    const { latencyMs, jitterMs } = this.#route.faults;
    // One that jitter makes due before its predecessor waits for it at the head of the queue.
    this.#queue.push({ content, dueAt: performance.now() + latencyMs + Math.random() * jitterMs });
    if (typeof content !== 'string') this.#queued += content.length;
    if (this.#queued > mostQueued) this.#route.source.pause();
    this.#pump();
  }

  /** The faults have changed: what is on its way travels without further delay, and nothing waits for its message. */
  hurry(): void {
    for (const parcel of this.#queue) parcel.dueAt = 0;
    this.#freeAt = 0;
    this.releaseHeld();
    this.#pump();
  }

  /** Lets the first part of a message go on when nobody waits for the whole any more. */
  releaseHeld(): void {
    if (!this.#closed && this.#framer.held > 0) this.#pass(nothing);
  }

  /** Loses what is on its way. @returns whether there was anything. */
  lose(): boolean {
    const lost = this.#queue.length > 0 || this.#framer.held > 0;
    this.#queue = [];
    this.#queued = 0;
    clearTimeout(this.#timer);
    this.#route.source.resume();
    return lost;
  }

  /** Nothing passes from now on; what comes is read and forgotten. */
  close(): void {
    this.#closed = true;
    this.lose();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    for (let head = this.#queue[0]; head !== undefined && !this.#sinkFull; head = this.#queue[0]) {
      const wait = Math.max(head.dueAt, this.#freeAt) - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => {
          this.#pump();
        }, Math.ceil(wait));
        break;
      }
      this.#deliver(head);
      if (this.#closed) return;
    }
    if (this.#queued <= mostQueued / 2) this.#route.source.resume();
  }

  #deliver(parcel: Parcel): void {
    if (parcel.content === 'reset') {
      this.#route.owner.resetBehind(this);
      return;
    }
    if (parcel.content === 'end') {
      this.#queue.shift();
      this.#pass(nothing, []);
      this.#route.sink.end();
      return;
    }
    const bytes = parcel.content.subarray(0, this.#slice());
    if (bytes.length === parcel.content.length) this.#queue.shift();
    else parcel.content = parcel.content.subarray(bytes.length);
    this.#queued -= bytes.length;
    this.#pass(bytes);
  }

  #slice(): number | undefined {
    const rate = this.#route.faults.bytesPerSecond;
    return rate === Infinity ? undefined : Math.max(1, Math.floor(rate / slicesPerSecond));
  }

  #pass(bytes: Buffer, cuts = this.#cuts()): void {
    // At an infinite bandwidth it is free at once.
    const carryingMs = (bytes.length / this.#route.faults.bytesPerSecond) * 1000;
    this.#freeAt = Math.max(performance.now(), this.#freeAt) + carryingMs;
    const seekers = cuts.filter((cut) => cut.needsMessages);
    const pieces = this.#framer.push(bytes, seekers.length > 0);
    const trouble = seekers.length > 0 ? unreadable.get(this.#route.protocol.phase) : undefined;
    if (trouble !== undefined) {
      for (const cut of seekers) cut.failed(new Error(`cutAfterMessage: ${trouble}`));
      this.#route.owner.resetAll();
      return;
    }
    for (const piece of pieces) {
      const ordered = this.#firstCut(cuts, piece);
      this.#write(ordered === undefined ? piece.bytes : piece.bytes.subarray(0, ordered.keep));
      if (ordered !== undefined) this.#route.owner.cut(this, ordered.cut);
      if (this.#closed) return;
    }
  }

  #cuts(): OrderedCut[] {
    return [...this.#route.faults.cuts].filter((cut) => cut.direction === this.#route.direction);
  }

  #firstCut(cuts: OrderedCut[], piece: Piece): { cut: OrderedCut; keep: number } | undefined {
    let first: { cut: OrderedCut; keep: number } | undefined;
    for (const cut of cuts) {
      const keep = cut.judge(this, piece);
      if (keep !== undefined && (first === undefined || keep < first.keep)) first = { cut, keep };
    }
    return first;
  }

  #write(bytes: Buffer): void {
    if (bytes.length > 0 && !this.#route.sink.write(bytes)) this.#sinkFull = true;
  }
}
