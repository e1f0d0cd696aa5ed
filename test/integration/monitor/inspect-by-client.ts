import pg from 'pg';
import type { Inspect, RunSql } from '../../../lib/monitor/inspect.js';

/** A connection of its own for each piece of work, and all that was sent over it. */
export function inspectByClient(connectionString: string): Inspect & { sent: string[] } {
  const sent: string[] = [];
  const inspect: Inspect = async (work, timeoutMs) => {
    const client = new pg.Client({ connectionString, application_name: 'inspect' });
    client.on('error', () => undefined);
    await client.connect();
    const timer = setTimeout(() => void client.end(), timeoutMs);
    const run: RunSql = (text, values) => {
      sent.push(text);
      return client.query<Record<string, unknown>>(text, values);
    };
    try {
      return await work(run);
    } finally {
      clearTimeout(timer);
      await client.end();
    }
  };
  return Object.assign(inspect, { sent });
}
