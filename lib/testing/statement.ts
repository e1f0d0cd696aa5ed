import { Socket } from 'node:net';

export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Runs one statement on a connection of its own. @throws what pg throws; never takes longer than `timeoutMs`. */
export async function runStatement(
  login: Login,
  text: string,
  values: readonly unknown[],
  timeoutMs: number,
): Promise<object[]> {
  const { default: pg } = await import('pg');
  // pg's own time-outs leave it waiting, in end(), for a server that does not answer. The socket is ours to destroy.
  const socket = new Socket();
  const client = new pg.Client({
    ...login,
    ssl: false,
    stream: () => socket,
    application_name: 'express-db-resilience/testing',
  });
  client.on('error', () => undefined); // the statement in flight rejects with the same error
  const timer = setTimeout(() => {
    socket.destroy(new Error(`The server on port ${String(login.port)} did not answer within ${String(timeoutMs)} ms`));
  }, timeoutMs);
  try {
    await client.connect();
    const { rows } = await client.query<object>(text, [...values]);
    await client.end();
    return rows;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
