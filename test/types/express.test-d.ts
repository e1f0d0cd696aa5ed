import type pg from 'pg';
import type express from 'express';
import { asyncRoute, createResilience, dbErrorHandler, dbResilience } from '../../lib/index.js';
import type { DbResilienceError, ErrorCode, Outcome, ResilientPool } from '../../lib/index.js';
import { exactly } from './exactly.js';

export function anApplication(app: express.Express): void {
  const resilience = dbResilience({ max: 10, property: 'db' });
  app.use(resilience);
  app.get('/users/:id', async (req, res) => {
    exactly<ResilientPool>()(req.db);
    const { rows } = await req.db.query<{ a: number }>('select 1 as a');
    exactly<{ a: number }[]>()(rows);
    res.json(rows[0]);
  });
  app.get(
    '/asynchronous/:id',
    asyncRoute(async (req: express.Request, res: express.Response) => {
      res.json(req.params.id);
    }),
  );
  app.get('/report', resilience.deadline(60_000), resilience.deadline(false), (_req, res) => void res.json({}));
  app.use('/api', resilience.routes());
  app.use(resilience.errorHandler({ retryAfterSeconds: 5 }));
  app.use(dbErrorHandler());
  const closed: Promise<void> = resilience.close();
  void closed;

  void dbResilience({ requestTimeoutMs: 5000, requestLog: false, cancelOnDisconnect: 'all' });
  void dbResilience({ requestTimeoutMs: false, cancelOnDisconnect: false });

  // @ts-expect-error what is cancelled, not whether
  void dbResilience({ cancelOnDisconnect: true });
  // @ts-expect-error milliseconds, or false
  resilience.deadline('1s');
  // @ts-expect-error a name
  void dbResilience({ property: 1 });
  // @ts-expect-error there is no such option
  void dbResilience({ maximum: 10 });
  // @ts-expect-error whole seconds
  void dbErrorHandler({ retryAfterSeconds: '5' });
}

export async function aWorker(): Promise<void> {
  const resilience = createResilience();
  await resilience.ready();
  const pool: pg.Pool = resilience.db;
  void pool;
  await resilience.close();

  // @ts-expect-error there are no requests
  createResilience({ requestTimeoutMs: 1000 });
  // @ts-expect-error Express is not its matter
  createResilience({ property: 'db' });
}

export function errors(error: DbResilienceError): void {
  exactly<ErrorCode>()(error.code);
  exactly<Outcome>()(error.outcome);
  exactly<boolean>()(error.retryable);
}
