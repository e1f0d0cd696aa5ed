import type pg from 'pg';
import express from 'express';
import { asyncRoute, createResilience, dbErrorHandler, dbResilience } from '../../lib/index.js';
import type { DbResilienceError, ErrorCode, Outcome, ResilientPool } from '../../lib/index.js';
import { same } from './same.js';

export function anApplication(app: express.Express): void {
  const resilience = dbResilience({ max: 10, property: 'db' });
  app.use(resilience);
  app.get('/users/:id', async (req, res) => {
    same<typeof req.db, ResilientPool>(true);
    const { rows } = await req.db.query<{ a: number }>('select 1 as a');
    same<typeof rows, { a: number }[]>(true);
    res.json(rows[0]);
  });
  app.get(
    '/asynchronous/:id',
    asyncRoute(async (req: express.Request, res: express.Response) => {
      res.json(req.params.id);
    }),
  );
  app.use('/api', resilience.routes());
  app.use(resilience.errorHandler({ retryAfterSeconds: 5 }));
  app.use(dbErrorHandler());
  const closed: Promise<void> = resilience.close();
  void closed;

  // @ts-expect-error a name
  void dbResilience({ property: 1 });
  // @ts-expect-error there is no such option
  void dbResilience({ maximum: 10 });
  // @ts-expect-error whole seconds
  void dbErrorHandler({ retryAfterSeconds: '5' });
}

export async function aWorker(): Promise<void> {
  const { db, ready, close } = createResilience();
  await ready();
  const pool: pg.Pool = db;
  void pool;
  await close();

  // @ts-expect-error Express is not its matter
  createResilience({ property: 'db' });
}

export function errors(error: DbResilienceError): void {
  same<typeof error.code, ErrorCode>(true);
  same<typeof error.outcome, Outcome>(true);
  same<typeof error.retryable, boolean>(true);
}
