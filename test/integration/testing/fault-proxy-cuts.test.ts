import { expect } from 'chai';
import type pg from 'pg';
import {
  startFaultProxy,
  startPostgres,
  type CutAfterMessageOptions,
  type FaultProxy,
  type PostgresServer,
  type ProtocolMessage,
} from '../../../lib/testing/index.js';
import { connect, rejection, settledWithin } from './observe.js';

describe('FaultProxy.cutAfterMessage before a real server', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;

  before(async () => {
    server = await startPostgres({ tls: true });
    await server.query('create table written (n int)');
  });

  after(() => server.stop());

  beforeEach(async () => {
    await server.query('truncate written');
    proxy = await startFaultProxy({ target: server });
  });

  afterEach(() => proxy.close());

  const connected = (): Promise<pg.Client> => connect({ connectionString: proxy.connectionString(server) });

  async function committed(): Promise<boolean> {
    // The server may still be at it: whatever holds the table ends first.
    await server.query('begin; lock table written; commit');
    return (await server.query('select n from written')).length === 1;
  }

  const commitSent = ({ type, text }: ProtocolMessage): boolean => type === 'Q' && text === 'COMMIT';
  const commitConfirmed = ({ type, text }: ProtocolMessage): boolean => type === 'C' && text === 'COMMIT';

  for (const [direction, when, outcome] of [
    ['toServer', 'before', false],
    ['toServer', 'after', true],
    ['toClient', 'before', true],
    ['toClient', 'after', true],
  ] as const) {
    for (const reset of [false, true]) {
      it(`cuts ${when} COMMIT ${direction} ${reset ? 'with RST' : 'with FIN'}: ${outcome ? '' : 'not '}committed`, async () => {
        const client = await connected();
        await client.query('BEGIN');
        await client.query('insert into written values (1)');
        const match = direction === 'toServer' ? commitSent : commitConfirmed;
        const cut = proxy.cutAfterMessage({ direction, when, match, reset });
        const failure = await rejection(client.query('COMMIT'));
        if (reset) expect(failure).to.have.property('code', 'ECONNRESET');
        else expect(failure).to.have.property('message', 'Connection terminated unexpectedly');
        await cut.done;
        expect(cut.happened).to.equal(1);
        expect(await committed()).to.equal(outcome);

        // Once is enough: the next connection is left alone.
        const next = await connected();
        await next.query('BEGIN');
        await next.query('COMMIT');
        await next.end();
        expect(cut.happened).to.equal(1);
      });
    }
  }

  it('lets the client have a message after which it cuts', async () => {
    const client = await connected();
    const notices: string[] = [];
    client.on('notice', ({ message }) => notices.push(message ?? ''));
    proxy.cutAfterMessage({ direction: 'toClient', when: 'after', match: ({ type }) => type === 'N', reset: true });
    await rejection(client.query("do $$ begin raise notice 'heard'; raise notice 'not heard'; end $$"));
    expect(notices).to.deep.equal(['heard']);
  });

  it('counts connections, and cuts as many as it is told', async () => {
    const order: CutAfterMessageOptions = { direction: 'toServer', when: 'before', match: ({ type }) => type === 'Q' };
    const cut = proxy.cutAfterMessage({ ...order, times: 2 });
    const clients = [await connected(), await connected(), await connected()];
    for (const client of clients.slice(0, 2)) await rejection(client.query('select 1'));
    await clients[2]?.query('select 1');
    expect(cut.happened).to.equal(2);

    const each = proxy.cutAfterMessage({ ...order, times: Infinity });
    for (let n = 0; n < 3; n++) await rejection((await connected()).query('select 1'));
    expect(each.happened).to.equal(3);
    await proxy.pass();
    const healed = await connected();
    await healed.query('select 1');
    await Promise.all([healed.end(), clients[2]?.end()]);
  });

  it('cuts at messages of the start', async () => {
    const cut = proxy.cutAfterMessage({
      direction: 'toServer',
      when: 'before',
      match: ({ type }) => type === 'StartupMessage',
    });
    expect(await rejection(connected())).to.have.property('message', 'Connection terminated unexpectedly');
    expect(cut.happened).to.equal(1);
  });

  it('does not hold up messages that are too long for one read', async () => {
    const seen: string[] = [];
    proxy.cutAfterMessage({
      direction: 'toServer',
      when: 'before',
      match: ({ type }) => {
        seen.push(type);
        return false;
      },
    });
    const client = await connected();
    const long = 'x'.repeat(3 * 1024 * 1024);
    const { rows } = await client.query<{ n: number }>('select length($1) as n', [long]);
    expect(rows).to.deep.equal([{ n: long.length }]);
    await client.end();
    expect(seen.slice(0, 1).concat(seen.slice(-6))).to.deep.equal(['StartupMessage', 'P', 'B', 'D', 'E', 'S', 'X']);
  });

  it('hands back a message that it holds in part when the fault is over', async () => {
    const client = await connected();
    proxy.cutAfterMessage({ direction: 'toServer', when: 'before', match: () => false });
    proxy.bandwidth(1000);
    const answer = client.query(`select 1 as n -- ${'x'.repeat(5000)}`);
    expect(await settledWithin(100, answer)).to.equal(false);
    await proxy.pass();
    expect((await answer).rows).to.deep.equal([{ n: 1 }]);
    await client.end();
  });

  it('says that it cannot read an encrypted connection', async () => {
    const order: CutAfterMessageOptions = { direction: 'toClient', when: 'before', match: () => false };
    const ssl = { ca: server.tlsCertificate ?? '' };
    const { user, password, database } = server;
    const encrypted = { host: proxy.host, port: proxy.port, user, password, database, ssl };
    const client = await connect(encrypted);
    expect(() => proxy.cutAfterMessage(order)).to.throw('is encrypted');
    await client.end();

    while (proxy.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const cut = proxy.cutAfterMessage(order);
    await rejection(connect(encrypted));
    expect(await rejection(cut.done))
      .to.have.property('message')
      .that.includes('connect without TLS');
    expect(cut.happened).to.equal(0);
  });

  it('reports what the function of a test throws', async () => {
    const cut = proxy.cutAfterMessage({
      direction: 'toServer',
      when: 'before',
      match: () => {
        throw new Error('a mistake in the test');
      },
    });
    await rejection(connected());
    expect(await rejection(cut.done)).to.have.property('message', 'a mistake in the test');
  });
});
