import { expect } from 'chai';
import net from 'node:net';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy, type FaultProxy } from '../../../lib/testing/index.js';

interface Received {
  bytes: Buffer;
  how: 'end' | 'reset';
}

/** All that comes, until the other side ends it. */
function receive(socket: net.Socket): Promise<Received> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      resolve({ bytes: Buffer.concat(chunks), how: 'end' });
    });
    socket.on('error', () => {
      resolve({ bytes: Buffer.concat(chunks), how: 'reset' });
    });
  });
}

describe('FaultProxy between plain sockets', () => {
  let server: net.Server;
  let proxy: FaultProxy;
  let serve: (socket: net.Socket) => void;
  const sockets = new Set<net.Socket>();

  beforeEach(async () => {
    server = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
  });

  afterEach(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  async function dial(): Promise<net.Socket> {
    const socket = net.connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
    sockets.add(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  }

  it('forwards an end, and goes on carrying the other direction', async () => {
    serve = (socket) => {
      void receive(socket).then(async ({ bytes }) => {
        await sleep(150);
        socket.end(`got ${bytes.toString()}`);
      });
    };
    const client = await dial();
    const begun = performance.now();
    const answer = receive(client);
    client.end('the last word');
    expect(await answer).to.deep.equal({ bytes: Buffer.from('got the last word'), how: 'end' });
    expect(performance.now() - begun).to.be.greaterThan(145);
  });

  it('goes on carrying what the client says after the server has ended', async () => {
    const got = new Promise<Received>((resolve) => {
      serve = (socket) => {
        void receive(socket).then(resolve);
        socket.end('I have said all');
      };
    });
    const client = await dial();
    expect(await receive(client)).to.deep.equal({ bytes: Buffer.from('I have said all'), how: 'end' });
    await sleep(50);
    client.end('I have not');
    expect(await got).to.deep.equal({ bytes: Buffer.from('I have not'), how: 'end' });
  });

  it('forwards a reset, behind what was sent before it', async () => {
    proxy.latency(10_000);
    const got = new Promise<Received>((resolve) => {
      serve = (socket) => void receive(socket).then(resolve);
    });
    const client = await dial();
    client.write('hello');
    await sleep(50);
    client.resetAndDestroy();
    await sleep(50);
    await proxy.pass(); // both at once
    expect(await got).to.deep.equal({ bytes: Buffer.from('hello'), how: 'reset' });
  });

  it('carries an end that comes after latency in its turn', async () => {
    proxy.latency(80, 40);
    const got = new Promise<Received>((resolve) => {
      serve = (socket) => void receive(socket).then(resolve);
    });
    const client = await dial();
    const begun = performance.now();
    for (const word of ['one ', 'two ', 'three']) {
      client.write(word);
      await sleep(5);
    }
    client.end();
    expect((await got).bytes.toString()).to.equal('one two three');
    expect(performance.now() - begun).to.be.within(89, 800);
  });

  it('carries the beginning of a message that ends there, though a cut waits for the whole', async () => {
    const got = new Promise<Received>((resolve) => {
      serve = (socket) => void receive(socket).then(resolve);
    });
    proxy.cutAfterMessage({ direction: 'toServer', when: 'before', match: () => true });
    (await dial()).end(Buffer.from([0, 0, 0]));
    expect(await got).to.deep.equal({ bytes: Buffer.from([0, 0, 0]), how: 'end' });
  });

  it('does not pile up what the receiver does not take, and loses none of it', async () => {
    const sent = randomBytes(48 * 1024 * 1024);
    let source: net.Socket | undefined;
    serve = (socket) => {
      source = socket;
      socket.end(sent);
    };
    const client = await dial();
    client.pause();
    let left: number | undefined;
    do {
      left = source?.writableLength;
      await sleep(500);
    } while (source?.writableLength !== left);
    // Kernel buffers take a few MiB on each leg, the proxy one more.
    expect(left).to.be.greaterThan(16 * 1024 * 1024);
    expect((await receive(client.resume())).bytes.equals(sent)).to.equal(true);
  });

  it('keeps a stream whole while faults come and go', async () => {
    const sent = randomBytes(2 * 1024 * 1024);
    serve = (socket) => socket.pipe(socket);
    const client = await dial();
    const echo = receive(client);
    client.end(sent);
    proxy.latency(5, 5);
    await sleep(20);
    proxy.bandwidth(4 * 1024 * 1024);
    await sleep(100);
    proxy.latency(0);
    await proxy.pass();
    const { bytes, how } = await echo;
    expect(how).to.equal('end');
    expect(bytes.equals(sent)).to.equal(true);
  });

  for (const direction of ['toServer', 'toClient'] as const) {
    for (const reset of [false, true]) {
      it(`cuts ${direction} after exactly so many bytes, with ${reset ? 'RST' : 'FIN'}`, async () => {
        const sent = Buffer.from('0123456789'.repeat(20_000));
        let serverGot: Promise<Received> | undefined;
        serve = (socket) => {
          serverGot = receive(socket);
          if (direction === 'toClient') socket.write(sent);
          void serverGot.then(() => socket.end());
        };
        const cut = proxy.cutAfter({ direction, bytes: 123_457, reset });
        const client = await dial();
        const clientGot = receive(client);
        if (direction === 'toServer') client.write(sent);
        await cut.done;
        void clientGot.then(() => client.end());
        const both = { toServer: await serverGot, toClient: await clientGot };
        expect(both[direction]?.bytes.equals(sent.subarray(0, 123_457))).to.equal(true);
        expect([both.toServer?.how, both.toClient.how]).to.deep.equal(reset ? ['reset', 'reset'] : ['end', 'end']);
        expect(cut.happened).to.equal(1);
      });
    }
  }

  it('counts bytes for each connection from the moment of the order', async () => {
    serve = (socket) => socket.pipe(socket);
    const client = await dial();
    client.write('before');
    await new Promise((resolve) => client.once('data', resolve));
    const cut = proxy.cutAfter({ direction: 'toServer', bytes: 3, times: Infinity });
    const rest = receive(client);
    client.write('after');
    expect((await rest).bytes.toString()).to.match(/^(aft)?$/); // the echo may not make it before the cut
    const other = await dial();
    other.write('xy');
    await new Promise((resolve) => other.once('data', resolve));
    expect(cut.happened).to.equal(1);
    other.write('z');
    await receive(other);
    expect(cut.happened).to.equal(2);
  });

  it('cuts before the first byte at 0', async () => {
    const got = new Promise<Received>((resolve) => {
      serve = (socket) => void receive(socket).then(resolve);
    });
    proxy.cutAfter({ direction: 'toServer', bytes: 0 });
    (await dial()).write('x');
    expect(await got).to.deep.equal({ bytes: Buffer.alloc(0), how: 'end' });
  });

  it('loses what latency holds back when a black hole opens, and never fills the hole', async () => {
    let got = '';
    serve = (socket) => socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
    const client = await dial();
    proxy.latency(100);
    client.write('lost');
    await sleep(20);
    proxy.blackHole();
    await proxy.pass();
    client.write('behind the hole');
    await sleep(200);
    expect(got).to.equal('');
    expect(proxy.connections).to.equal(1);
    client.destroy();
    while (proxy.connections > 0) await sleep(5);
  });

  for (const delayed of [true, false]) {
    it(`ends after a black hole what one side has ended ${delayed ? 'before' : 'in'} it`, async () => {
      const got = new Promise<Received>((resolve) => {
        serve = (socket) => void receive(socket).then(resolve);
      });
      const client = await dial();
      client.on('error', () => undefined);
      if (delayed) proxy.latency(500);
      else proxy.blackHole();
      client.end('lost with its end');
      await sleep(30);
      if (delayed) proxy.blackHole();
      await proxy.pass();
      expect(await got).to.deep.equal({ bytes: Buffer.alloc(0), how: 'reset' });
      while (proxy.connections > 0) await sleep(5);
    });
  }

  it('does not call a server for a client that was reset in the black hole', async () => {
    let called = false;
    serve = () => (called = true);
    proxy.blackHole();
    const client = await dial();
    const got = receive(client);
    await sleep(20);
    proxy.reset();
    expect(await got).to.have.property('how', 'reset');
    await proxy.pass();
    await sleep(50);
    expect(called).to.equal(false);
    expect(proxy.connections).to.equal(0);
  });

  it('resets a client whose server cannot be reached', async () => {
    proxy.retarget({ host: '127.0.0.1', port: 1 });
    const client = await dial();
    expect(await receive(client)).to.deep.equal({ bytes: Buffer.alloc(0), how: 'reset' });
    while (proxy.connections > 0) await sleep(5);
  });
});
