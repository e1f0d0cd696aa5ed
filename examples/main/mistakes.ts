import { Router } from 'express';

const HELD_MS = 15_000;

/** What no service should do, for one to see what the monitor says of it. */
export function mistakes(): Router {
  const router = Router();

  // A statement for the list, and another one for each row of it ("N+1"). exploits.ts asks for both at once, with a join.
  router.get('/n-plus-one', async (req, res) => {
    const { rows } = await req.db.query<{ id: number; title: string; source_id: number }>(
      'select id, title, source_id from express_db_resilience_example.exploits order by id limit 30',
    );
    const exploits = [];
    for (const { source_id, ...exploit } of rows) {
      const sources = await req.db.query<{ name: string }>(
        'select name from express_db_resilience_example.sources where id = $1',
        [source_id],
      );
      exploits.push({ ...exploit, source: sources.rows[0]?.name });
    }
    res.json(exploits);
  });

  // A connection that nobody gives back: no release() in a finally. A timer does so here, that the pool may not run dry.
  router.post('/leak', async (req, res) => {
    const client = await req.db.connect();
    setTimeout(() => client.release(), HELD_MS).unref();
    res.status(202).json({ held_for_s: HELD_MS / 1000 });
  });

  return router;
}
