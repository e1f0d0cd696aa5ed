import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings } from './settings.js';

export interface Address {
  /** To be used on this machine. */
  readonly url: string;
  /** The port that was wanted and taken. */
  readonly taken: number | undefined;
}

/** Listens on the port of the settings, or, where that is only the default, on a free one. */
export async function listen(server: Server, { host, port, portIsFixed }: Settings): Promise<Address> {
  try {
    return { url: await listenOn(server, host, port), taken: undefined };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw error;
    if (portIsFixed) {
      throw new Error(`Port ${String(port)} is taken; set PORT to another, or to 0 for any free one`, { cause: error });
    }
    return { url: await listenOn(server, host, 0), taken: port };
  }
}

function listenOn(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const { address, port: actual, family } = server.address() as AddressInfo;
      const reachable = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
      resolve(
        `http://${family === 'IPv6' && reachable !== '127.0.0.1' ? `[${reachable}]` : reachable}:${String(actual)}`,
      );
    });
  });
}
