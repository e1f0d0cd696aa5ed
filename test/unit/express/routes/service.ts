import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Handler } from '../../../../lib/index.js';
import { versions } from '../../../integration/express/versions.js';

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Where it is JSON. */
  readonly body: Record<string, unknown>;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  /** Where the service listens. Default: 127.0.0.1. */
  readonly address?: string;
}

export interface Service {
  get(path: string, asked?: Asked): Promise<Received>;
  close(): Promise<void>;
}

type Mount = (handler: Handler) => RequestListener;

/** Below `/api`, in whatever Express there is, and without any. */
export const mounts: readonly { readonly name: string; readonly mount: Mount }[] = [
  ...versions.map(({ name, express }) => ({
    name,
    mount: (handler: Handler) => {
      const app = express();
      app.set('env', 'test');
      app.use('/api', handler);
      return app;
    },
  })),
  {
    name: 'node:http',
    mount: (handler) => (req, res) => {
      req.url = req.url?.replace(/^\/api/, '') ?? '/';
      handler(req, res, () => res.writeHead(404).end());
    },
  },
];

export async function serve(handler: Handler, mount: Mount = mounts[0]!.mount): Promise<Service> {
  // So that a body in the answer to a HEAD is an error.
  const server = createServer({ rejectNonStandardBodyWrites: true }, mount(handler));
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  const { port } = server.address() as AddressInfo;
  return { get: (path, asked) => ask(port, path, asked), close: () => closed(server) };
}

function ask(port: number, path: string, { method = 'GET', headers = {}, address = '127.0.0.1' }: Asked = {}) {
  return new Promise<Received>((resolve, reject) => {
    const asking = request({ host: address, port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
        const body = isJson ? (JSON.parse(text) as Received['body']) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body });
      });
    });
    asking.on('error', reject).end();
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
