import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorRequestHandler, Express } from 'express';
import { dbResilience } from '../../../../lib/index.js';
import type { asyncRoute, DbResilience, DbResilienceOptions, ResilientPool } from '../../../../lib/index.js';
import type { PostgresServer } from '../../../../lib/testing/index.js';
import { sharedPostgres } from '../../../support/postgres.js';
import { eventually, expectNothingLeft } from '../../../support/settle.js';
import { versions } from '../versions.js';
import { call } from './call.js';
import type { Call, CallOptions } from './call.js';

export interface ServiceOptions extends DbResilienceOptions {
  /** Default: Express 5. */
  version?: (typeof versions)[number];
  /** Default: the shared one. */
  postgres?: PostgresServer;
  /** Does not wait until there is a connection. */
  unready?: boolean;
  /** Middleware before `dbResilience`. */
  before?: unknown[];
}

/** What the routes of a service are made with. */
export interface Making {
  readonly app: Express;
  readonly route: typeof asyncRoute;
  readonly resilience: DbResilience;
  /** The pool itself, not bound to a request. */
  readonly pool: ResilientPool;
}

export interface Service {
  readonly http: Server;
  readonly pool: ResilientPool;
  /** What came to the application's own error handler. */
  readonly errors: unknown[];
  call(path: string, options?: CallOptions): Call;
  /** Texts of what the server runs for this service. */
  running(): Promise<string[]>;
  /** Waits until the server runs a statement with this in it. */
  runs(part: string): Promise<void>;
}

let services = 0;
const open: (() => Promise<void>)[] = [];

/** For a suite that uses `service`. Whatever its tests did, nothing may be checked out then, or run or be open on the server. */
export function closeServicesAfterEach(): void {
  afterEach('close the services', async () => {
    for (const close of open.splice(0)) await close();
  });
}

/** A small application behind `dbResilience`, listening on a port of its own. */
export async function service(options: ServiceOptions, build: (making: Making) => void): Promise<Service> {
  const [express5] = versions;
  const { version = express5, postgres = await sharedPostgres(), before = [], unready = false, ...own } = options;
  if (version === undefined) throw new Error('There is no version of Express');
  services += 1;
  const name = `scope ${String(services)}`;
  const resilience = dbResilience({
    connectionString: postgres.connectionString,
    application_name: name,
    max: 4,
    cancelGraceMs: 500,
    drainTimeoutMs: 1000,
    ...own,
  });
  const pool = resilience.db;
  const errors: unknown[] = [];
  const app = version.express();
  app.set('env', 'test');
  app.disable('x-powered-by');
  if (before.length > 0) app.use(...(before as [never]));
  app.use(resilience);
  build({ app, route: version.route, resilience, pool });
  app.use(resilience.errorHandler());
  const handler: ErrorRequestHandler = (error, _req, res, next) => {
    errors.push(error);
    if (res.headersSent) next(error);
    else res.status(500).json({ handler: 'of the application' });
  };
  app.use(handler);
  const http = createServer(app as unknown as Parameters<typeof createServer>[1]);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const running = async () => {
    const rows = await postgres.query<{ query: string }>(
      `select query from pg_stat_activity where application_name = $1 and state = 'active'`,
      [name],
    );
    return rows.map(({ query }) => query);
  };
  if (!unready) await resilience.ready();
  open.push(async () => {
    await new Promise((resolve) => {
      http.close(resolve);
      http.closeAllConnections();
    });
    try {
      await expectNothingLeft(pool, postgres, name);
    } finally {
      await resilience.close();
    }
  });
  return {
    http,
    pool,
    errors,
    call: (path, how) => call(`http://127.0.0.1:${String(port)}${path}`, how),
    running,
    runs: (part) =>
      eventually(
        async () => (await running()).some((text) => text.includes(part)),
        5000,
        `the server runs ${JSON.stringify(part)}`,
      ),
  };
}
