import { request } from 'node:http';

export interface Leaver {
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly afterMs: number;
}

/** A client that asks and hangs up before it has its answer. Resolves when it has left. */
export function leave({ port, method, path, afterMs }: Leaver): Promise<void> {
  return new Promise((resolve) => {
    const req = request({ host: '127.0.0.1', port, method, path, agent: false });
    req.on('error', () => undefined);
    req.on('response', (res) => res.resume());
    req.end();
    setTimeout(() => {
      req.destroy();
      resolve();
    }, afterMs);
  });
}
