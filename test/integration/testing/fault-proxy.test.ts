import { expect } from 'chai';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { startFaultProxy, startPostgres, type FaultProxy, type PostgresServer } from '../../../lib/testing/index.js';
import { connect, dialResult, lost, rejection, settledWithin } from './observe.js';

describe('FaultProxy before a real server', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.stop());

  beforeEach(async () => {
    await server.start();
    proxy = await startFaultProxy({ target: server });
  });

  afterEach(() => proxy.close());

  const connected = (): Promise<pg.Client> => connect({ connectionString: proxy.connectionString(server) });

  /** Backends of clients, those of the proxy alone. */
  async function backends(): Promise<number> {
    const rows = await server.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    return rows.length;
  }

  async function asleep(): Promise<void> {
    const active = "select 1 from pg_stat_activity where wait_event = 'PgSleep'";
    while ((await server.query(active)).length === 0) await sleep(5);
  }

  async function backendsBecome(count: number): Promise<void> {
    const deadline = performance.now() + 5000;
    while ((await backends()) !== count) {
      expect(performance.now(), `${String(await backends())} backends, not ${String(count)}`).to.be.below(deadline);
      await sleep(10);
    }
  }

  it('passes everything on, and counts connections', async () => {
    const first = await connected();
    const second = await connected();
    expect(proxy.connections).to.equal(2);
    const long = 'x'.repeat(8 * 1024 * 1024);
    const { rows } = await first.query<{ text: string }>('select $1::text as text', [long]);
    expect(rows[0]?.text === long).to.equal(true);
    await first.end();
    await second.end();
    await backendsBecome(0);
    expect(proxy.connections).to.equal(0);
    expect(proxy.accepted).to.equal(2);
  });

  it('lets a statement be cancelled, and tells the canceller only when the server has done it', async () => {
    const client = await connected();
    const failure = rejection(client.query('select pg_sleep(30)'));
    await asleep();
    const { processID = 0, secretKey = 0 } = client as unknown as { processID?: number; secretKey?: number };
    const request = Buffer.alloc(16);
    [16, 80877102, processID, secretKey].forEach((value, at) => request.writeInt32BE(value, at * 4));
    const canceller = net.connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
    await new Promise((resolve) => canceller.on('end', resolve).resume().end(request));
    expect(await failure).to.have.property('code', '57014');
    expect((await client.query('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
    await client.end();
  });

  it('delays both directions with latency, and is quick again after pass', async () => {
    const client = await connected();
    proxy.latency(60, 40);
    const begun = performance.now();
    await client.query('select 1');
    expect(performance.now() - begun).to.be.within(119, 800);
    proxy.latency(60_000);
    const held = client.query('select 1');
    await sleep(50);
    await proxy.pass();
    await held;
    await client.end();
  });

  it('resets all connections at once, and takes new ones', async () => {
    const idle = await connected();
    const busy = await connected();
    const idleLost = lost(idle);
    const failure = rejection(busy.query('select pg_sleep(1)'));
    await asleep();
    proxy.reset();
    expect(await failure).to.have.property('code', 'ECONNRESET');
    await idleLost;
    const next = await connected();
    await next.query('select 1');
    await next.end();
    await backendsBecome(0);
    expect(proxy.connections).to.equal(0);
  });

  it('refuses new connections while the open ones live on, and takes its port again', async () => {
    const client = await connected();
    await proxy.refuse();
    await proxy.refuse();
    expect(await rejection(connected())).to.have.property('code', 'ECONNREFUSED');
    await client.query('select 1');
    await proxy.refuse(false);
    await (await connected()).end();

    await proxy.refuse(true);
    expect(await dialResult(proxy.port)).to.equal('ECONNREFUSED');
    await Promise.all([proxy.pass(), proxy.pass()]);
    await (await connected()).end();
    await client.end();
    expect(proxy.accepted).to.equal(3);
  });

  it('swallows what passes a black hole; what has lost bytes stays dead after it, the rest lives', async () => {
    const idle = await connected();
    const asking = await connected();
    const waiting = await connected();
    const answer = rejection(waiting.query("select pg_sleep(1), 'too late'"));
    await asleep();
    proxy.blackHole();
    const question = rejection(asking.query('select 1'));
    const dialled = rejection(connected());
    await sleep(1200);
    await proxy.pass();
    await (await connected()).end();
    await idle.query('select 1');
    await idle.end();

    expect(await settledWithin(300, Promise.race([answer, question, dialled]))).to.equal(false);
    expect(await backends()).to.equal(2); // that of `asking` never heard the question, `waiting`'s has answered

    await Promise.all([asking.end(), waiting.end(), answer, question]);
    await backendsBecome(0);
    expect(proxy.connections).to.equal(1);
    proxy.reset();
    await dialled;
    expect(proxy.connections).to.equal(0);
  });

  it('tells the server of an end that happened during a black hole only after it', async () => {
    const client = await connected();
    const untouched = await connected();
    proxy.blackHole();
    const gone = lost(client);
    (client as unknown as { connection: { stream: net.Socket } }).connection.stream.destroy();
    await gone;
    await sleep(200);
    expect(await backends()).to.equal(2);
    await proxy.pass();
    await backendsBecome(1);
    await untouched.end();
    await backendsBecome(0);
  });

  it('resets the dead connections after a black hole when told so', async () => {
    const client = await connected();
    proxy.blackHole({ keepAfterHeal: false });
    const failure = rejection(client.query('select 1'));
    expect(await settledWithin(200, failure)).to.equal(false);
    await proxy.pass();
    expect(await failure).to.have.property('code', 'ECONNRESET');
    await backendsBecome(0);
  });

  it('passes connections that came during a black hole and had not spoken', async () => {
    proxy.blackHole();
    const socket = net.connect(proxy.port, proxy.host);
    await new Promise((resolve) => socket.once('connect', resolve));
    await sleep(50);
    await proxy.pass();
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])); // SSLRequest
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(answer.toString()).to.equal('N');
    socket.destroy();
  });

  it('limits the bandwidth', async () => {
    const client = await connected();
    proxy.bandwidth(200_000);
    const begun = performance.now();
    await client.query("select repeat('x', 100000)");
    expect(performance.now() - begun).to.be.within(450, 2000);
    await proxy.pass();
    await client.end();
  });

  it('sends new connections elsewhere when retargeted', async () => {
    const other = await startFaultProxy({ target: server });
    const before = await connected();
    proxy.retarget(other);
    const after = await connected();
    expect(other.accepted).to.equal(1);
    other.reset();
    await lost(after);
    await before.query('select 1');
    await before.end();
    await other.close();
  });

  it('resets clients when the server is down, and finds it again', async () => {
    const client = await connected();
    const gone = lost(client);
    await server.kill();
    await gone;
    expect(await rejection(connected())).to.have.property('code', 'ECONNRESET');
    await server.start();
    await (await connected()).end();
  });

  it('closes with everything that is open, twice if need be, and leaves nothing', async () => {
    const resources = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /^(TCP|Timeout)/.test(name) && name !== 'TCPConnectWrap');
    await proxy.close();
    await sleep(20);
    const before = resources();
    const another = await startFaultProxy({ target: server });
    const clients = await Promise.all(
      [1, 2, 3].map(() => connect({ connectionString: another.connectionString(server) })),
    );
    another.latency(10_000);
    const failures = clients.map((client) => rejection(client.query('select 1')));
    const gone = clients.map(lost);
    await sleep(20);
    expect(resources().length).to.be.greaterThan(before.length + 6);
    await Promise.all([another.close(), another.close()]);
    await another.close();
    expect(another.connections).to.equal(0);
    await Promise.all([...failures, ...gone]);
    await sleep(20);
    expect(resources()).to.deep.equal(before);
    expect(await rejection(another.pass())).to.have.property('message', 'The proxy is closed: start another one');
    expect(await dialResult(another.port)).to.equal('ECONNREFUSED');
  });

  it('says that a port is taken', async () => {
    expect(await rejection(startFaultProxy({ target: server, port: proxy.port }))).to.have.property(
      'code',
      'EADDRINUSE',
    );
  });

  it('refuses impossible numbers', () => {
    expect(() => {
      proxy.latency(-1);
    }).to.throw(RangeError, '-1 ms');
    expect(() => {
      proxy.bandwidth(0);
    }).to.throw(RangeError, 'more than 0');
    expect(() => proxy.cutAfter({ bytes: -1, direction: 'toClient' })).to.throw(RangeError, '-1');
    expect(() => proxy.cutAfter({ bytes: 1, times: 0, direction: 'toClient' })).to.throw(RangeError, 'times: 0');
  });
});
