import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Express, Response } from 'express';
import type { Handler } from '../../../../lib/index.js';
import { eventually } from '../../../support/settle.js';
import { failureOf } from '../../compat/failure-of.js';
import { versions } from '../versions.js';
import { expectDeadline, slackMs } from './expect-deadline.js';
import { closeServicesAfterEach, service } from './service.js';
import type { Service } from './service.js';

const requestTimeoutMs = 250;

const beginnings: Record<string, (res: Response) => void> = {
  'setHeader and flushHeaders': (res) => {
    res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    res.flushHeaders();
  },
  'writeHead, whose headers Node does not keep': (res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.flushHeaders();
    expect(res.getHeader('content-type')).to.equal(undefined);
  },
  'writeHead with a list of headers': (res) => {
    res.writeHead(200, ['cache-control', 'no-store', 'content-type', 'text/event-stream']);
    res.flushHeaders();
  },
};

for (const version of versions) {
  describe(`${version.name}: server-sent events`, () => {
    closeServicesAfterEach();

    for (const [how, begin] of Object.entries(beginnings)) {
      it(`have no deadline: ${how}`, async () => {
        const app = await service({ version, requestTimeoutMs }, ({ app: own, route }) => {
          own.get(
            '/',
            route(async (req, res) => {
              begin(res);
              await req.db.query('select pg_sleep(0.5)');
              res.write('data: begun before\n\n');
              await req.db.query('select pg_sleep(0.1)');
              const client = await req.db.connect();
              await client.query('select 1');
              client.release();
              res.end('data: begun after\n\n');
            }),
          );
        });
        const { status, text, complete } = await app.call('/').answer;
        expect({ status, text, complete }).to.deep.equal({
          status: 200,
          text: 'data: begun before\n\ndata: begun after\n\n',
          complete: true,
        });
        expect(app.errors).to.deep.equal([]);
      });
    }
  });
}

describe('a stream of events', () => {
  closeServicesAfterEach();

  it('is ended where its client leaves, before its deadline would have come and after it', async () => {
    const names: string[] = [];
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/:seconds', async (req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.flushHeaders();
        await req.db.query('select pg_sleep($1)', [req.params.seconds]);
        const left = once(res, 'close');
        names.push((await failureOf(req.db.query('select pg_sleep(20)'))).name);
        await left;
        names.push((await failureOf(req.db.query('select 1'))).name);
      });
    });
    for (const seconds of [0, 0.5]) {
      const { leave } = app.call(`/${String(seconds)}`);
      await app.runs('pg_sleep(20)');
      leave();
      await eventually(() => names.length === 2, 1000, 'both are refused');
      expect(names.splice(0)).to.deep.equal(['CancelledError', 'CancelledError']);
    }
  });
});

describe('what is no stream of events', () => {
  closeServicesAfterEach();

  it('keeps its deadline, though its answer has begun', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/', async (req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/plain', 'X-Kind': 'no text/event-stream' });
        res.write('half');
        await req.db.query('select pg_sleep(10)');
      });
    });
    const { text, complete, ms } = await app.call('/').answer;
    expect({ text, complete }).to.deep.equal({ text: 'half', complete: false });
    expect(ms).to.be.within(requestTimeoutMs, requestTimeoutMs + 400);
    expect(app.errors[0]).to.have.property('code', 'DB_DEADLINE_EXCEEDED');
  });

  it('is an answer that has not begun, whatever its headers say', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/', async (req, res) => {
        res.setHeader('Content-Type', 'text/event-stream');
        await req.db.query('select pg_sleep(10)');
      });
    });
    expectDeadline(await app.call('/').answer, requestTimeoutMs);
  });
});

describe('an upgrade', () => {
  closeServicesAfterEach();

  const headers = { Connection: 'Upgrade', Upgrade: 'websocket' };

  it('has no deadline where a WebSocket library hands it to the application', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/', async (req) => {
        await req.db.query('select pg_sleep(0.5)');
        req.socket.write('begun before, ');
        await req.db.query('select 1');
        req.socket.end('begun after');
      });
      handing = own;
    });
    // As express-ws does.
    app.http.on('upgrade', (req: IncomingMessage) => {
      req.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      const handler = handing as unknown as Handler;
      handler(req, new ServerResponse(req), () => req.socket.destroy());
    });
    expect(await upgraded(app)).to.equal('begun before, begun after');
    expect(app.errors).to.deep.equal([]);
  });

  it('has no deadline where a route answers it itself', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/', async (req, res) => {
        res.writeHead(101, headers);
        res.flushHeaders();
        await req.db.query('select pg_sleep(0.5)');
        await req.db.query('select 1');
        req.socket.end('still here');
      });
    });
    expect(await upgraded(app)).to.equal('still here');
  });

  it('is not what only asks for one', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/', async (req) => void (await req.db.query('select pg_sleep(10)')));
    });
    expectDeadline(await app.call('/', { headers }).answer, requestTimeoutMs);
  });

  it('is not what only asks for one behind another request, whose response has no socket yet', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own }) => {
      own.get('/:seconds', async (req, res) => {
        await req.db.query('select pg_sleep($1)', [req.params.seconds]);
        res.json({});
      });
    });
    const started = performance.now();
    const text = await sent(
      app,
      'GET /0.2 HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /3 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 504']);
    expect(performance.now() - started).to.be.below(requestTimeoutMs + slackMs);
  });

  let handing: Express;

  /** What comes after the head of the answer, until the server closes the connection. */
  async function upgraded(app: Service): Promise<string> {
    const text = await sent(
      app,
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).to.match(/^HTTP\/1\.1 101 /);
    return body;
  }
});

/** Everything that the server says until it closes the connection. */
async function sent(app: Service, ...requests: string[]): Promise<string> {
  const { port } = app.http.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(requests.join(''));
  let text = '';
  for await (const piece of socket) text += String(piece);
  return text;
}
