import { once } from 'node:events';
import type { Row, Rig } from './rig.js';

const lost = {
  kind: 'connection-lost',
  retry: 'idempotent',
  outcome: 'unknown',
  circuit: true,
  unavailable: true,
} as const;

function message(type: string, body = ''): Buffer {
  const bytes = Buffer.from(`${type}0000${body}`, 'latin1');
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

const welcome = Buffer.concat([message('R', '\0\0\0\0'), message('Z', 'I')]);

/** A server that lets in, and then says what nobody asked for. */
function outOfTurn(told: string, bytes: Buffer): Row {
  return {
    name: told,
    told,
    ...lost,
    produce: async (rig: Rig) => {
      const port = await rig.listen((socket) => {
        socket.once('data', () => {
          socket.write(welcome);
          setTimeout(() => socket.write(bytes), 20);
        });
      });
      const client = rig.client({ connectionString: undefined, host: '127.0.0.1', port, user: 'u' });
      const event = once(client, 'error');
      await client.connect();
      return ((await event) as [Error])[0];
    },
  };
}

/** What pg says of a server, or of something in its place, that does not keep to the protocol. */
export const strangers: Row[] = [
  outOfTurn('Received unexpected rowDescription message from backend.', message('T', '\0\0')),
  outOfTurn('Received unexpected dataRow message from backend.', message('D', '\0\0')),
  outOfTurn('Received unexpected portalSuspended message from backend.', message('s')),
  outOfTurn('Received unexpected emptyQuery message from backend.', message('I')),
  outOfTurn('Received unexpected commandComplete message from backend.', message('C', 'SELECT 1\0')),
  outOfTurn('Received unexpected parseComplete message from backend.', message('1')),
  outOfTurn('Received unexpected copyInResponse message from backend.', message('G', '\0\0\0')),
  outOfTurn('Received unexpected copyData message from backend.', message('d', 'x')),
  outOfTurn('received invalid response: 78', message('x')),
];
