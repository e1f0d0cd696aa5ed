import { randomBytes } from 'node:crypto';
import { findBinaries, type Binaries } from './binaries.js';
import { createCluster } from './cluster.js';
import { PostgresServer } from './postgres-server.js';
import type { Settings } from './settings.js';
import { serverAccount } from './user.js';

/** Options of `startPostgres`. */
export interface PostgresOptions {
  /** Default: what the environment variable TEST_POSTGRES says, `embedded` or `system`; else `embedded`. */
  binaries?: Binaries;
  /** Default: a free one. */
  port?: number;
  /** The server setting max_connections. Default 100. */
  maxConnections?: number;
  /** Offer TLS with a self-signed certificate, `server.tlsCertificate`. Plain connections still work. Default false. */
  tls?: boolean;
  /**
   * Whether what is committed survives a power failure. It survives `kill()` in any case, so a test hardly needs it.
   * Default false: fsync is off.
   */
  durable?: boolean;
  /** More lines for postgresql.conf, `{ log_statement: 'all' }` for instance. They win over the options above. */
  settings?: Settings;
}

/**
 * Starts a real PostgreSQL server with a new, empty cluster on 127.0.0.1, which ends with this process at the latest.
 * The user `postgres` needs the password. As root, it runs as `nobody`.
 *
 * Time is UTC, the locale is C, the encoding is UTF8, whatever this machine's are.
 *
 * @throws Error when there are no binaries, or with the end of the server's log when it does not answer within 30 s.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { maxConnections = 100, tls = false, durable = false, port } = options;
  if (process.platform === 'win32')
    throw new Error('startPostgres needs Linux or macOS: it freezes servers by signals');
  const account = await serverAccount();
  const bin = await findBinaries(options.binaries, account !== undefined);
  const password = randomBytes(16).toString('hex');
  const settings: Settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // Files in the data folder, so that a killed server leaves nothing in /dev/shm.
    dynamic_shared_memory_type: 'mmap',
    shared_buffers: '32MB',
    max_connections: maxConnections,
    fsync: durable,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  const cluster = await createCluster({ bin, account, password, tls, settings });
  const server = new PostgresServer(cluster, { password, tls, port });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
