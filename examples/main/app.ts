import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';
import { dbErrorHandler } from 'express-db-resilience';
import type { DbResilience } from 'express-db-resilience';
import { exploits } from './exploits.js';
import { faultRoutes } from './fault-routes.js';
import type { Faults } from './faults.js';
import { mistakes } from './mistakes.js';

export interface AppOptions {
  resilience: DbResilience;
  /** Undefined where the database is not this example's own. */
  faults: Faults | undefined;
  /** What `GET /` says. */
  guide: () => string;
}

/** The service: `app.use(resilience)` before the routes, `dbErrorHandler()` behind them. */
export function createApp({ resilience, faults, guide }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(resilience);

  app.get('/', (_req, res) => {
    res.type('text').send(guide());
  });
  app.use('/api', resilience.routes());
  app.use('/faults', faultRoutes(faults));
  app.use('/exploits', exploits());
  app.use('/mistakes', mistakes());
  app.get('/slow', async (req, res) => {
    const seconds = Number(req.query.seconds ?? '10');
    if (!(seconds >= 0 && seconds <= 60)) {
      res.status(400).json({ error: 'seconds is a number from 0 to 60' });
      return;
    }
    await req.db.query('select count(*) from express_db_resilience_example.exploits, pg_sleep($1)', [seconds]);
    res.json({ slept: seconds });
  });

  app.use(dbErrorHandler());
  app.use(ownErrorHandler);
  return app;
}

const ownErrorHandler: ErrorRequestHandler = (error: Error & { status?: number }, _req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  res.status(status).json({ error: status >= 500 ? 'a bug of the example, see its output' : error.message });
};
