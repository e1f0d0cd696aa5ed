import { Socket } from 'node:net';

/** What callers send, and nobody else. */
export const statement = 'select 1 as answer_of_a_call';

/**
 * Counts the statements of callers where they leave this process, so that what the pool says of itself is not the proof.
 */
export class Wire {
  sent = 0;
  sentWhileOpen = 0;

  /** @param isOpen whether the circuit is not closed */
  constructor(private readonly isOpen: () => boolean) {}

  /** For pg's option `stream`. */
  readonly stream = (): Socket => new WatchedSocket((written) => this.#onWritten(written));

  #onWritten(written: Written): void {
    const text = typeof written === 'string' ? written : Buffer.from(written).toString('latin1');
    const statements = text.split(statement).length - 1;
    this.sent += statements;
    if (this.isOpen()) this.sentWhileOpen += statements;
  }
}

/** A socket takes strings as they are, unlike other streams. */
type Written = Uint8Array | string;
type Done = (error?: Error | null) => void;

class WatchedSocket extends Socket {
  constructor(private readonly onWritten: (written: Written) => void) {
    super();
  }

  // Not `write`, which connect() of Node puts back.
  override _write(chunk: Written, encoding: BufferEncoding, done: Done): void {
    this.onWritten(chunk);
    super._write(chunk, encoding, done);
  }

  override _writev(chunks: { chunk: Written; encoding: BufferEncoding }[], done: Done): void {
    for (const { chunk } of chunks) this.onWritten(chunk);
    super._writev?.(chunks, done);
  }
}
