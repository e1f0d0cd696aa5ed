import { expect } from 'chai';
import { Framer, ProtocolState, type Direction, type Piece } from '../../../lib/testing/protocol.js';

function startup(code: number, body = ''): Buffer {
  const bytes = Buffer.alloc(8 + body.length);
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(code, 4);
  bytes.write(body, 8, 'latin1');
  return bytes;
}

function message(type: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 0, 'latin1');
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.write(body, 5, 'latin1');
  return bytes;
}

const hello = startup(196608, 'user\0postgres\0\0');
const sslRequest = startup(80877103);
const select = message('Q', 'select 1\0');
const commit = message('Q', 'COMMIT\0');

function newConnection(): Record<Direction, Framer> & { state: ProtocolState } {
  const state = new ProtocolState();
  return { state, toServer: new Framer('toServer', state), toClient: new Framer('toClient', state) };
}

function types(pieces: Piece[]): (string | undefined)[] {
  return pieces.map((piece) => piece.message?.type);
}

function bytesOf(pieces: Piece[]): Buffer {
  return Buffer.concat(pieces.map((piece) => piece.bytes));
}

describe('Framer', () => {
  it('names the messages of the start, which have no type, and those that follow', () => {
    const { toServer, toClient } = newConnection();
    expect(types(toServer.push(sslRequest, true))).to.deep.equal(['SSLRequest']);
    expect(types(toClient.push(Buffer.from('N'), true))).to.deep.equal(['EncryptionAnswer']);
    expect(types(toServer.push(Buffer.concat([hello, select]), true))).to.deep.equal(['StartupMessage', 'Q']);
    const answers = Buffer.concat([message('C', 'SELECT 1\0'), message('Z', 'T')]);
    expect(types(toClient.push(answers, true))).to.deep.equal(['C', 'Z']);
  });

  it('names a CancelRequest and a version 3.2 start', () => {
    expect(types(newConnection().toServer.push(startup(80877102, 'pid.key.'), true))).to.deep.equal(['CancelRequest']);
    expect(types(newConnection().toServer.push(startup(196610), true))).to.deep.equal(['StartupMessage']);
  });

  it('gives the text of what carries one', () => {
    const { toServer, toClient } = newConnection();
    toServer.push(hello, false);
    const asked = toServer.push(Buffer.concat([commit, message('P', 'name\0select 2\0\0\0'), message('S', '')]), true);
    expect(asked.map((piece) => piece.message?.text)).to.deep.equal(['COMMIT', 'select 2', undefined]);
    const told = toClient.push(
      Buffer.concat([
        message('C', 'COMMIT\0'),
        message('Z', 'I'),
        message('E', 'SERROR\0C40001\0Mno\0\0'),
        message('D', 'x'),
      ]),
      true,
    );
    expect(told.map((piece) => piece.message?.text)).to.deep.equal(['COMMIT', 'I', '40001', undefined]);
  });

  it('finds the same messages wherever the stream is torn', () => {
    const stream = Buffer.concat([hello, select, message('Q', ''), commit]);
    for (let size = 1; size <= stream.length; size++) {
      const { toServer } = newConnection();
      const pieces: Piece[] = [];
      for (let at = 0; at < stream.length; at += size)
        pieces.push(...toServer.push(stream.subarray(at, at + size), true));
      expect(types(pieces), `in parts of ${String(size)}`).to.deep.equal(['StartupMessage', 'Q', 'Q', 'Q']);
      expect(bytesOf(pieces).equals(stream)).to.equal(true);
      expect(toServer.held).to.equal(0);
    }
  });

  it('holds nothing back while nobody asks, and still knows where messages begin', () => {
    const stream = Buffer.concat([hello, select, commit]);
    const asked = hello.length + 3; // in the midst of a header
    for (let size = 1; size <= asked; size++) {
      const { toServer } = newConnection();
      for (let at = 0; at < asked; at += size) {
        const part = stream.subarray(at, Math.min(at + size, asked));
        expect(bytesOf(toServer.push(part, false)).equals(part)).to.equal(true);
      }
      // What was let through in part is no longer offered, what follows is.
      const pieces = toServer.push(stream.subarray(asked), true);
      expect(types(pieces), `in parts of ${String(size)}`).to.deep.equal([undefined, 'Q']);
      expect(pieces.at(-1)?.message?.text).to.equal('COMMIT');
      expect(bytesOf(pieces).equals(stream.subarray(asked))).to.equal(true);
    }
  });

  it('lets go of what it holds when nobody asks any more', () => {
    const { toServer } = newConnection();
    toServer.push(hello, true);
    expect(toServer.push(select.subarray(0, 7), true)).to.deep.equal([]);
    expect(toServer.held).to.equal(7);
    expect(bytesOf(toServer.push(Buffer.alloc(0), false)).equals(select.subarray(0, 7))).to.equal(true);
    expect(toServer.held).to.equal(0);
    const rest = toServer.push(Buffer.concat([select.subarray(7), commit]), true);
    expect(types(rest)).to.deep.equal([undefined, 'Q']);
  });

  for (const [how, opening] of [
    ['asked for', [sslRequest]],
    ['begun at once', [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3])]],
  ] as const) {
    it(`sees encryption that is ${how}, and lets it through`, () => {
      const { toServer, toClient, state } = newConnection();
      for (const bytes of opening) toServer.push(bytes, true);
      toClient.push(Buffer.from('S'), true);
      expect(state.phase).to.equal('encrypted');
      const secret = Buffer.from('\x17\x03\x03\x00\x01x', 'latin1');
      expect(toServer.push(secret, true)).to.deep.equal([{ bytes: secret }]);
      expect(toClient.push(secret, true)).to.deep.equal([{ bytes: secret }]);
    });
  }

  it('lets other protocols through', () => {
    const { toServer, toClient, state } = newConnection();
    const request = Buffer.from('GET / HTTP/1.1\r\n\r\n');
    expect(bytesOf(toServer.push(request, true)).equals(request)).to.equal(true);
    expect(state.phase).to.equal('foreign');
    const reply = Buffer.from('HTTP/1.1 200 OK\r\n\r\n');
    expect(bytesOf(toClient.push(reply, true)).equals(reply)).to.equal(true);
  });

  it('does not wait for a message whose length is impossible', () => {
    const { toServer, state } = newConnection();
    toServer.push(hello, true);
    const nonsense = Buffer.from([0x51, 0, 0, 0, 3, 1, 2]);
    expect(bytesOf(toServer.push(nonsense, true)).equals(nonsense)).to.equal(true);
    expect(state.phase).to.equal('foreign');
  });
});
