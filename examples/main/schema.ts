import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DbResilienceError } from 'express-db-resilience';
import type { Resilience } from 'express-db-resilience';

// The compiler leaves SQL where it is: this runs as dist/examples/main/schema.js.
const file = new URL('../../../examples/main/schema.sql', import.meta.url);

/** Creates the tables and their rows where they are missing, as soon as the database can be reached. */
export async function createSchema(resilience: Resilience): Promise<void> {
  const sql = await readFile(file, 'utf8');
  for (;;) {
    await resilience.ready();
    try {
      await resilience.db.query(sql);
      return;
    } catch (error) {
      // The database went away again; all else (no right to create a schema) would fail the next time as well.
      if (!DbResilienceError.is(error)) throw error;
      await sleep(500);
    }
  }
}
