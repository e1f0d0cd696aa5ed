import { createServer, type Server } from 'node:net';
import { randomInt } from 'node:crypto';

// Below the range from which the system picks the ports of outgoing connections (32768 on Linux, 49152 on macOS).
// A port of that range may be taken by a client while its server is down, and a client that connects to such a port
// can even meet itself.
const lowest = 15_000;
const highest = 32_000;

/** A port of 127.0.0.1 on which nobody listens at this moment. Somebody may be quicker: be ready to ask again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowest, highest);
    const server = createServer();
    if (await listens(server, port)) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
  throw new Error(`No free port found on 127.0.0.1 between ${String(lowest)} and ${String(highest)}`);
}

async function listens(server: Server, port: number): Promise<boolean> {
  try {
    await listenOn(server, port);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Resolves when `server` listens on 127.0.0.1; rejects with EADDRINUSE and the like. */
export function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
