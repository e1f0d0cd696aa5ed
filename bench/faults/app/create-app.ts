import express, { type Express } from 'express';
import type { Stack } from '../stacks/stack.js';

/** The example: an indexed read, a slow one, a write, and a transaction on a client of its own. */
export function createApp(stack: Stack): Express {
  const app = express();
  app.disable('x-powered-by');
  // How long a request takes that has nothing to do with a database.
  app.get('/control/:id', (req, res) => {
    res.json({ id: Number(req.params.id) });
  });
  stack.install?.(app);

  app.get('/read/:id', async (req, res) => {
    const text = 'select id, payload from items where id = $1';
    const { rows } = await stack.protect(() => stack.db(req).query<object>(text, [req.params.id]), 'reads');
    res.json(rows[0]);
  });

  app.get('/slow', async (req, res) => {
    const { rowCount } = await stack.protect(() => stack.db(req).query('select pg_sleep(4)'), 'reads');
    res.json({ rowCount });
  });

  app.post('/write/:id', async (req, res) => {
    const text = 'insert into writes select $1::int from pg_sleep(0.5)';
    await stack.protect(() => stack.db(req).query(text, [req.params.id]), 'writes');
    res.json({ id: Number(req.params.id) });
  });

  app.post('/transaction/:id', async (req, res) => {
    await stack.protect(async () => {
      const client = await stack.db(req).connect();
      try {
        await client.query('begin');
        await client.query('update items set payload = payload where id = $1', [req.params.id]);
        await client.query('commit');
      } catch (error) {
        client.release(true);
        throw error;
      }
      client.release();
    }, 'writes');
    res.json({ id: Number(req.params.id) });
  });

  app.use(stack.errorHandler);
  return app;
}
