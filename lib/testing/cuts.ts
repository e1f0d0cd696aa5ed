import type { Direction, Piece, ProtocolMessage } from './protocol.js';

/** Cut a connection once so many bytes have passed. */
export interface CutAfterOptions {
  direction: Direction;
  /** How many bytes are let through, counted for each connection from now on. 0 cuts before the next byte. */
  bytes: number;
  /** True: RST. False, the default: an orderly end (FIN) to both sides. */
  reset?: boolean;
  /** How many connections are cut before the fault is over; `Infinity` for all of them. Default 1. */
  times?: number;
}

/** Cut a connection at a message of PostgreSQL's protocol. */
export interface CutAfterMessageOptions {
  direction: Direction;
  /** Called with every message of that direction, in order; true cuts. */
  match: (message: ProtocolMessage) => boolean;
  /** Whether the matching message is still let through (`after`) or not (`before`). */
  when: 'before' | 'after';
  /** True: RST. False, the default: an orderly end (FIN) to both sides. */
  reset?: boolean;
  /** How many connections are cut before the fault is over; `Infinity` for all of them. Default 1. */
  times?: number;
}

/** A cut that was ordered, and what became of it. */
export interface Cut {
  /** How many connections it has cut so far. */
  readonly happened: number;
  /**
   * Resolves at the first cut. Rejects when messages cannot be told apart, as the connection is encrypted, or when
   * `match` throws, which cuts too. Nobody needs to wait for it.
   */
  readonly done: Promise<void>;
}

/** What a lane asks of an ordered cut. */
export abstract class OrderedCut implements Cut {
  readonly direction: Direction;
  readonly reset: boolean;
  readonly done: Promise<void>;
  happened = 0;
  /** Called when it has cut as many connections as it was to. */
  whenOver: () => void = () => undefined;
  readonly #times: number;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor({ direction, reset = false, times = 1 }: { direction: Direction; reset?: boolean; times?: number }) {
    if (!(times >= 1)) throw new RangeError(`times: ${String(times)} is not accepted; it is 1 or more, or Infinity`);
    this.direction = direction;
    this.reset = reset;
    this.#times = times;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
  }

  carriedOut(): void {
    this.happened++;
    this.#resolve();
    if (this.happened >= this.#times) this.whenOver();
  }

  failed(error: unknown): void {
    this.#reject(error);
  }

  abstract readonly needsMessages: boolean;

  /**
   * Behind how many bytes of this piece to cut; undefined: not at all.
   *
   * @param lane identifies one direction of one connection.
   */
  abstract judge(lane: object, piece: Piece): number | undefined;
}

export class ByteCut extends OrderedCut {
  override readonly needsMessages = false;
  readonly #limit: number;
  readonly #passed = new WeakMap<object, number>();

  constructor(options: CutAfterOptions) {
    super(options);
    if (!(options.bytes >= 0)) throw new RangeError(`bytes: ${String(options.bytes)} is not accepted; it is 0 or more`);
    this.#limit = options.bytes;
  }

  override judge(lane: object, { bytes }: Piece): number | undefined {
    const passed = this.#passed.get(lane) ?? 0;
    const left = this.#limit - passed;
    if (bytes.length >= left) return left;
    this.#passed.set(lane, passed + bytes.length);
    return undefined;
  }
}

export class MessageCut extends OrderedCut {
  override readonly needsMessages = true;
  readonly #options: CutAfterMessageOptions;

  constructor(options: CutAfterMessageOptions) {
    super(options);
    this.#options = options;
  }

  override judge(_lane: object, { bytes, message }: Piece): number | undefined {
    if (message === undefined || !this.#matches(message)) return undefined;
    return this.#options.when === 'after' ? bytes.length : 0;
  }

  // What a test's function throws must neither be lost nor end the process from within a socket's event.
  #matches(message: ProtocolMessage): boolean {
    try {
      return this.#options.match(message);
    } catch (error) {
      this.failed(error);
      return true;
    }
  }
}
