import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Row, Rig } from './rig.js';
import { ResilientPool } from '../../../lib/index.js';

const closedPort = 9; // discard; nobody serves it

const unreachable = {
  kind: 'unreachable',
  phase: 'connect',
  retry: 'statement',
  outcome: 'not-executed',
  circuit: true,
  unavailable: true,
} as const;
const hopeless = { phase: 'connect', outcome: 'not-executed', hopeless: true } as const;
function connecting(
  told: Row['told'],
  row: Partial<Row>,
  config: (rig: Rig) => pg.ClientConfig | Promise<pg.ClientConfig>,
): Row {
  return {
    name: `${String(told)} while connecting`,
    told,
    kind: 'unreachable',
    ...row,
    produce: async (rig) => {
      const asked = await config(rig);
      try {
        return await rig.failure(rig.client(asked).connect());
      } catch (error) {
        return error; // the constructor refused
      }
    },
  };
}

/** Where a server listens that answers the first bytes with these. */
function answering(bytes: Buffer): (rig: Rig) => Promise<pg.ClientConfig> {
  return async (rig) => ({
    connectionString: undefined,
    host: '127.0.0.1',
    port: await rig.listen((socket) => socket.once('data', () => socket.write(bytes))),
    password: 'p',
    user: 'u',
  });
}

const mute = (rig: Rig) => rig.listen((socket: Socket) => socket.resume());
/** What is said where no connection can be had: by the network, by pg, by the server. */
export const refusals: Row[] = [
  connecting('ECONNREFUSED', unreachable, () => ({ connectionString: undefined, host: '127.0.0.1', port: closedPort })),
  connecting(/^(?:ENOTFOUND|EAI_AGAIN)$/, unreachable, () => ({
    connectionString: undefined,
    host: 'no-such-host.invalid',
  })),
  connecting('ENOENT', { ...unreachable, name: 'ENOENT of a unix socket' }, () => ({
    connectionString: undefined,
    host: '/no-such-folder',
  })),
  connecting('ECONNRESET', unreachable, async (rig) => ({
    connectionString: undefined,
    host: '127.0.0.1',
    port: await rig.listen((socket) => socket.once('data', () => socket.resetAndDestroy())),
  })),
  connecting('Connection terminated unexpectedly', unreachable, async (rig) => ({
    connectionString: undefined,
    host: '127.0.0.1',
    port: await rig.listen((socket) => socket.once('data', () => socket.end())),
  })),
  connecting('timeout expired', unreachable, async (rig) => ({
    connectionString: undefined,
    host: '127.0.0.1',
    port: await mute(rig),
    connectionTimeoutMillis: 50,
  })),
  connecting('There was an error establishing an SSL connection', unreachable, async (rig) => ({
    ...(await answering(Buffer.from('E'))(rig)),
    ssl: true,
  })),
  connecting(
    /^(?:EPROTO|ERR_SSL_\w+)$/,
    { kind: 'tls', ...hopeless, name: 'no TLS behind the promise of it' },
    async (rig) => ({
      connectionString: undefined,
      host: '127.0.0.1',
      ssl: true,
      port: await rig.listen((socket) =>
        socket.once('data', () => {
          socket.write('S');
          socket.once('data', () => socket.write('Sorry, no TLS here'));
        }),
      ),
    }),
  ),
  connecting('DEPTH_ZERO_SELF_SIGNED_CERT', { kind: 'tls', ...hopeless }, () => ({ ssl: true })),
  connecting('ERR_TLS_CERT_ALTNAME_INVALID', { kind: 'tls', ...hopeless }, ({ server }) => ({
    ssl: { ca: server.tlsCertificate, servername: 'another.example' },
  })),
  connecting('ENOENT', { kind: 'configuration', ...hopeless, name: 'ENOENT of a certificate' }, ({ server }) => ({
    connectionString: `${server.connectionString}?sslrootcert=/no-such-file`,
  })),
  connecting(/^Invalid sslnegotiation value/, { kind: 'configuration', ...hopeless }, () => ({
    sslnegotiation: 'perhaps' as 'direct',
  })),
  connecting('sslnegotiation=direct requires SSL to be enabled', { kind: 'configuration', ...hopeless }, () => ({
    ssl: false,
    sslnegotiation: 'direct',
  })),
  connecting('28P01', { kind: 'authentication', ...hopeless }, ({ server }) => ({
    ...loginOf(server),
    password: 'wrong',
  })),
  connecting('28000', { kind: 'authentication', ...hopeless }, async ({ server }) => {
    await server.query(`drop role if exists barred`);
    await server.query(`create role barred password 'p' nologin`);
    return { ...loginOf(server), user: 'barred', password: 'p' };
  }),
  connecting(/^SASL: .*client password must be a string$/, { kind: 'authentication', ...hopeless }, ({ server }) => ({
    ...loginOf(server),
    password: undefined,
  })),
  connecting('Password must be a string', { kind: 'authentication', ...hopeless }, ({ server }) => ({
    ...loginOf(server),
    password: () => 5 as unknown as string,
  })),
  connecting('3D000', { kind: 'unknown-database', ...hopeless }, ({ server }) => ({
    ...loginOf(server),
    database: 'nope',
  })),
  connecting('42704', { kind: 'syntax', ...hopeless }, ({ server }) => ({ ...loginOf(server), options: '-c nope=1' })),
  connecting('22023', { kind: 'data', ...hopeless }, ({ server }) => ({
    ...loginOf(server),
    options: '-c TimeZone=nope',
  })),
  connecting('55000', { kind: 'other', ...hopeless }, ({ server }) => ({ ...loginOf(server), database: 'template0' })),
  connecting('53300', { ...unreachable, kind: 'too-many-connections' }, async ({ server }) => {
    await server.query('drop role if exists crowded');
    await server.query(`create role crowded password 'p' login connection limit 0`);
    return { ...loginOf(server), user: 'crowded', password: 'p' };
  }),
  {
    name: 'Connection terminated due to connection timeout',
    told: 'Connection terminated due to connection timeout',
    ...unreachable,
    produce: async (rig) => {
      const pool = rig.pool({
        connectionString: undefined,
        host: '127.0.0.1',
        port: await mute(rig),
        connectionTimeoutMillis: 50,
      });
      return rig.failure(pool.query('select 1'));
    },
  },
  {
    name: 'timeout exceeded when trying to connect',
    told: 'timeout exceeded when trying to connect',
    ...unreachable,
    kind: 'timeout',
    circuit: false,
    produce: async (rig) => {
      const pool = rig.pool({ max: 1, connectionTimeoutMillis: 300 });
      const client = await pool.connect();
      const error = await rig.failure(pool.query('select 1'));
      client.release();
      return error;
    },
  },
  {
    name: 'a circuit that is isolated by hand',
    told: 'DB_CIRCUIT_OPEN',
    kind: 'circuit-open',
    retry: 'never',
    outcome: 'not-executed',
    circuit: false,
    unavailable: true,
    produce: async (rig) => {
      const pool = new ResilientPool({ connectionString: rig.server.connectionString });
      rig.ending(() => pool.end());
      pool.circuit.isolate();
      return rig.failure(pool.query('select 1'));
    },
  },
  {
    name: 'Cannot use a pool after calling end on the pool',
    told: 'Cannot use a pool after calling end on the pool',
    kind: 'shutting-down',
    outcome: 'not-executed',
    unavailable: true,
    produce: async (rig) => {
      const pool = rig.pool();
      await pool.end();
      return rig.failure(pool.query('select 1'));
    },
  },
];

export function loginOf({ host, port, user, password, database }: Rig['server']): pg.ClientConfig {
  return { connectionString: undefined, host, port, user, password, database };
}
