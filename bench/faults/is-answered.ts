import { Socket } from 'node:net';
import pg from 'pg';

/** Connects anew and runs one statement. @throws whatever keeps it from being answered in time */
export async function isAnswered(login: pg.ClientConfig, withinMs = 1000): Promise<void> {
  // pg's own time-outs leave it waiting for a server that does not answer. The socket is ours to destroy.
  const socket = new Socket();
  const client = new pg.Client({ ...login, stream: () => socket });
  client.on('error', () => undefined); // the statement under way rejects with it
  const timer = setTimeout(() => socket.destroy(new Error(`No answer within ${String(withinMs)} ms`)), withinMs);
  try {
    await client.connect();
    await client.query('select 1');
    await client.end();
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
