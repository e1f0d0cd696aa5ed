/** One message of PostgreSQL's frontend/backend protocol, version 3. */
export interface ProtocolMessage {
  /**
   * The type byte, `Q` for a simple query and so on; it means different things in the two directions. Messages of the
   * start, which have none, go by name: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest, and EncryptionAnswer
   * for the single byte that answers the second and third.
   */
  readonly type: string;
  /** What follows the length. */
  readonly body: Buffer;
  /**
   * toServer: the SQL of `Q` (Query) and `P` (Parse). toClient: the command tag of `C` (CommandComplete), the
   * transaction status of `Z` (ReadyForQuery), the SQLSTATE of `E` (ErrorResponse). Else undefined.
   */
  readonly text: string | undefined;
}

/** Which way bytes flow. */
export type Direction = 'toServer' | 'toClient';

/** Part of a stream; with `message` where it is exactly one message. */
export interface Piece {
  readonly bytes: Buffer;
  readonly message?: ProtocolMessage;
}

const startupCodes = new Map([
  [80877102, 'CancelRequest'],
  [80877103, 'SSLRequest'],
  [80877104, 'GSSENCRequest'],
]);
const answers = new Map<string, Phase>([
  ['N', 'startup'],
  ['S', 'encrypted'],
  ['G', 'encrypted'],
]);
const longestStartup = 10_000; // MAX_STARTUP_PACKET_LENGTH of the server
const nothing = Buffer.alloc(0);

/** `answer`: to the request to encrypt. `foreign`: not this protocol. */
export type Phase = 'startup' | 'answer' | 'messages' | 'encrypted' | 'foreign';

/** What the two directions of a connection know of each other. */
export class ProtocolState {
  phase: Phase = 'startup';
}

/**
 * Cuts one direction of a stream into messages. It holds bytes back only while somebody asks for whole messages;
 * else it just keeps count of where they begin, so that one may begin to ask at any time.
 */
export class Framer {
  readonly #direction: Direction;
  readonly #state: ProtocolState;
  #held: Buffer = nothing;
  // Of a message that was let through in parts: what was seen of its header, then how much of it is still to come.
  #header: Buffer = nothing;
  #rest = 0;

  constructor(direction: Direction, state: ProtocolState) {
    this.#direction = direction;
    this.#state = state;
  }

  /** How many bytes are held back. */
  get held(): number {
    return this.#held.length;
  }

  /** @param whole true: hold the last message back until it is complete, and say what each one is. */
  push(chunk: Buffer, whole: boolean): Piece[] {
    let data: Buffer = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = nothing;
    const pieces: Piece[] = [];
    let passed = 0; // of data: passes as it is, not yet among the pieces
    const flush = (): void => {
      if (passed > 0) pieces.push({ bytes: data.subarray(0, passed) });
      data = data.subarray(passed);
      passed = 0;
    };

    while (passed < data.length) {
      if (this.#rest > 0) {
        const part = Math.min(this.#rest, data.length - passed);
        this.#rest -= part;
        passed += part;
        continue;
      }
      const size = this.#headerSize();
      if (size === 0) {
        passed = data.length;
        break;
      }
      const begun = this.#header.length > 0;
      const header = Buffer.concat([this.#header, data.subarray(passed, passed + size - this.#header.length)]);
      if (header.length < size) {
        if (whole && !begun) break;
        this.#header = header;
        passed = data.length;
        break;
      }
      const length = this.#lengthOf(header);
      if (whole && !begun && length !== undefined) {
        if (data.length - passed < length) break;
        flush();
        pieces.push({ bytes: data.subarray(0, length), message: this.#message(data.subarray(0, length)) });
        data = data.subarray(length);
      } else {
        this.#rest = length === undefined ? 0 : length - this.#header.length;
        this.#header = nothing;
      }
      this.#state.phase = this.#phaseAfter(header, length);
    }
    flush();
    this.#held = data;
    return pieces;
  }

  // 0: there are no messages here.
  #headerSize(): number {
    switch (this.#state.phase) {
      case 'startup':
        return this.#direction === 'toServer' ? 8 : 0;
      case 'answer':
        return this.#direction === 'toClient' ? 1 : 0;
      case 'messages':
        return 5;
      default:
        return 0;
    }
  }

  // With the header and the length itself; undefined: this is no message.
  #lengthOf(header: Buffer): number | undefined {
    if (header.length === 1) return 1;
    const length = header.readInt32BE(header.length === 8 ? 0 : 1);
    if (header.length === 8) {
      return length >= 8 && length <= longestStartup && startupName(header) !== undefined ? length : undefined;
    }
    return length >= 4 ? length + 1 : undefined;
  }

  #phaseAfter(header: Buffer, length: number | undefined): Phase {
    const { phase } = this.#state;
    if (phase === 'answer') return answers.get(header.toString('latin1')) ?? 'foreign';
    // A TLS handshake begins with this byte: sslnegotiation=direct.
    if (phase === 'startup' && header[0] === 0x16) return 'encrypted';
    if (length === undefined) return 'foreign';
    if (phase !== 'startup') return phase;
    const name = startupName(header);
    if (name === 'CancelRequest') return 'startup';
    return name === 'StartupMessage' ? 'messages' : 'answer';
  }

  #message(bytes: Buffer): ProtocolMessage {
    if (this.#state.phase === 'answer') return { type: 'EncryptionAnswer', body: bytes, text: undefined };
    if (this.#state.phase === 'startup') {
      return { type: startupName(bytes) ?? '', body: bytes.subarray(4), text: undefined };
    }
    const type = bytes.toString('latin1', 0, 1);
    const body = bytes.subarray(5);
    return { type, body, text: textOf(this.#direction, type, body) };
  }
}

function startupName(bytes: Buffer): string | undefined {
  const code = bytes.readInt32BE(4);
  return startupCodes.get(code) ?? (code >> 16 === 3 ? 'StartupMessage' : undefined);
}

function textOf(direction: Direction, type: string, body: Buffer): string | undefined {
  if (direction === 'toServer') {
    if (type === 'Q') return cString(body, 0);
    // Parse: the name of the statement, then its SQL
    return type === 'P' ? cString(body, body.indexOf(0) + 1) : undefined;
  }
  if (type === 'C') return cString(body, 0);
  if (type === 'Z') return body.toString('latin1', 0, 1);
  return type === 'E' ? sqlState(body) : undefined;
}

function cString(body: Buffer, from: number): string {
  const end = body.indexOf(0, from);
  return body.toString('utf8', from, end === -1 ? body.length : end);
}

// Fields of one letter and a C string each; C is the code.
function sqlState(body: Buffer): string | undefined {
  for (let at = 0; at < body.length && body[at] !== 0; at = body.indexOf(0, at) + 1) {
    if (body[at] === 0x43) return cString(body, at + 1);
  }
  return undefined;
}
