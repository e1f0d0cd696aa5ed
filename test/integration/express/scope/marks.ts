import { sharedPostgres } from '../../../support/postgres.js';

/** A table in the shared database that tells what has been written. */
export async function marksTable(): Promise<void> {
  await (await sharedPostgres()).query('create table if not exists marks (text text not null)');
}

export async function marked(text: string): Promise<number> {
  const server = await sharedPostgres();
  const [row] = await server.query<{ n: number }>('select count(*)::int as n from marks where text = $1', [text]);
  return row?.n ?? 0;
}
