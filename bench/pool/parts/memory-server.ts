import { Duplex } from 'node:stream';

/**
 * Takes the place of pg's socket and answers every statement at once with one row of one integer, BEGIN and COMMIT with
 * their own word: so what is measured is this process alone, without the kernel and without a server. pg's own serialiser
 * and parser do their full work. It leaves no turn to timers: who uses it counts statements, not time.
 */
export class MemoryServer extends Duplex {
  #started = false;
  #inTransaction = false;
  readonly #answerNow = (): void => {
    this.push(this.#inTransaction ? answer.within : answer.outside);
  };
  readonly #beginNow = (): void => {
    this.#inTransaction = true;
    this.push(begun);
  };
  readonly #commitNow = (): void => {
    this.#inTransaction = false;
    this.push(committed);
  };

  // What pg calls on a socket.
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#take(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.#take(chunk);
    done();
  }

  #take(bytes: Buffer): void {
    if (!this.#started) {
      this.#started = true;
      this.push(welcome);
      return;
    }
    // pg hands over whole messages: a letter, then the length of the rest.
    for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
      if (bytes[at] === sync) process.nextTick(this.#answerNow);
      else if (bytes[at] === simpleQuery) this.#takeSimple(bytes[at + 5]);
      else if (bytes[at] === terminate) this.push(null);
    }
  }

  /** @param initial of the text: that of BEGIN, of COMMIT, or of a ping */
  #takeSimple(initial: number | undefined): void {
    if (initial === begin) process.nextTick(this.#beginNow);
    else if (initial === commit) process.nextTick(this.#commitNow);
    else this.push(empty);
  }
}

const sync = 'S'.charCodeAt(0);
const simpleQuery = 'Q'.charCodeAt(0);
const terminate = 'X'.charCodeAt(0);
const begin = 'B'.charCodeAt(0);
const commit = 'C'.charCodeAt(0);

function message(type: string, ...body: Buffer[]): Buffer {
  const length = int(4, 4 + Buffer.concat(body).length);
  return Buffer.concat([Buffer.from(type), length, ...body]);
}

function int(bytes: number, value: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const ready = message('Z', Buffer.from('I'));
const readyWithin = message('Z', Buffer.from('T'));
const int4 = 23;

const welcome = Buffer.concat([message('R', int(4, 0)), message('K', int(4, 1), int(4, 1)), ready]);
const empty = Buffer.concat([message('I'), ready]);
const begun = Buffer.concat([message('C', text('BEGIN')), readyWithin]);
const committed = Buffer.concat([message('C', text('COMMIT')), ready]);
const row = Buffer.concat([
  message('1'),
  message('2'),
  message('T', int(2, 1), text('int4'), int(4, 0), int(2, 0), int(4, int4), int(2, 4), int(4, -1), int(2, 0)),
  message('D', int(2, 1), int(4, 1), Buffer.from('7')),
  message('C', text('SELECT 1')),
]);
const answer = { outside: Buffer.concat([row, ready]), within: Buffer.concat([row, readyWithin]) };
