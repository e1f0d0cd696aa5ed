import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorRequestHandler } from 'express';
import pg from 'pg';
import type { DbResilience } from '../../../lib/index.js';
import type { versions } from './versions.js';

export interface TestApp {
  readonly url: string;
  /** What came to the application's own error handler. */
  readonly seen: unknown[];
  close(): Promise<void>;
}

/** A small service as a user would write it, listening on a port of its own. */
export async function serve(version: (typeof versions)[number], resilience: DbResilience): Promise<TestApp> {
  const { express, route } = version;
  const seen: unknown[] = [];
  const app = express();
  app.disable('x-powered-by');
  app.use('/api', resilience.routes());
  app.use(resilience);
  app.get(
    '/echo/:text',
    route(async (req, res) => {
      const { rows } = await req.db.query<{ text: string }>('select $1::text as text', [req.params.text]);
      res.json(rows[0]);
    }),
  );
  app.get(
    '/sleep/:seconds',
    route(async (req, res) => {
      await req.db.query('select pg_sleep($1)', [req.params.seconds]);
      res.json({ slept: true });
    }),
  );
  app.post(
    '/writes',
    route(async (req, res) => {
      await req.db.query('insert into writes select n from pg_sleep(0.5), generate_series(1, 1) n');
      res.status(201).json({});
    }),
  );
  app.get(
    '/refused',
    route(async () => {
      const other = new pg.Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 1000 });
      await other.query('select 1').finally(() => other.end());
    }),
  );
  app.get(
    '/bug',
    route(async (req) => {
      await req.db.query('select 1');
      throw new TypeError('a bug of the application');
    }),
  );
  app.get(
    '/division',
    route(async (req, res) => {
      res.json(await req.db.query('select 1 / 0'));
    }),
  );
  app.get(
    '/half',
    route(async (req, res) => {
      res.write('half');
      await req.db.query('select pg_sleep(60)');
    }),
  );
  app.use(resilience.errorHandler());
  const own: ErrorRequestHandler = (error, _req, res, next) => {
    seen.push(error);
    if (res.headersSent) next(error);
    else res.status(500).json({ handler: 'of the application' });
  };
  app.use(own);
  // Its last handler writes what it gets to stderr, unless told that this is a test.
  app.set('env', 'test');
  // So that a body in the answer to a HEAD is an error.
  const options = { rejectNonStandardBodyWrites: true };
  const server = createServer(options, app as unknown as Parameters<typeof createServer>[1]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}`, seen, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
