import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { removeRemains } from './cluster-remains.js';
import { own, serverEnvironment, type Cluster } from './cluster.js';
import { guard, unguard } from './guard.js';
import { PostgresServer } from './postgres-server.js';
import { settingLines, type Settings } from './settings.js';

/** Options of `startStandby`. */
export interface StandbyOptions {
  /** Whether a COMMIT on the primary waits until the standby has it. Default false. */
  synchronous?: boolean;
  /** More lines for its postgresql.conf, after those copied from the primary's. */
  settings?: Settings;
}

const standbyName = 'standby';
const streamsWithinMs = 30_000;

/**
 * Starts a streaming standby of this server, from a copy of its data: the primary is shut down for as long as copying
 * takes, and started again. `standby.promote()` makes it one itself. A primary has one at most.
 *
 * @throws Error when the primary is frozen or was stopped, or when the standby does not stream within 30 s.
 */
export async function startStandby(
  primary: PostgresServer,
  { synchronous = false, settings = {} }: StandbyOptions = {},
): Promise<PostgresServer> {
  await primary.shutdown();
  const cluster = await copy(primary.cluster);
  await primary.start();
  const standby = new PostgresServer(cluster, {
    password: primary.password,
    tls: primary.tlsCertificate !== undefined,
    port: undefined,
  });
  try {
    await writeFile(join(cluster.dataFolder, 'standby.signal'), '');
    await appendFile(
      join(cluster.dataFolder, 'postgresql.conf'),
      settingLines({ primary_conninfo: conninfo(primary), wal_retrieve_retry_interval: '50ms', ...settings }),
    );
    await standby.start();
    // Only now, and only in the primary's own file: the standby must not wait for itself once it is promoted.
    if (synchronous) {
      await primary.query(`alter system set synchronous_standby_names = '${standbyName}'`);
      await primary.query('select pg_reload_conf()');
    }
    await streams(primary, synchronous);
    return standby;
  } catch (error) {
    await standby.stop();
    throw error;
  }
}

async function copy({ bin, account, version, dataFolder: source }: Cluster): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'express-db-resilience-pg-'));
  guard(folder);
  try {
    await own(folder, account);
    const dataFolder = join(folder, 'data');
    // As the server's own account, so that the copy belongs to it.
    await promisify(execFile)('cp', ['-Rp', source, dataFolder], { ...account, cwd: folder, env: serverEnvironment });
    return { bin, account, version, folder, dataFolder, logFile: join(folder, 'server.log') };
  } catch (error) {
    removeRemains(folder, undefined);
    unguard(folder);
    throw error;
  }
}

function conninfo({ host, port, user, password }: PostgresServer): string {
  return `host=${host} port=${String(port)} user=${user} password=${password} application_name=${standbyName}`;
}

async function streams(primary: PostgresServer, synchronous: boolean): Promise<void> {
  const wanted = synchronous ? ['sync'] : ['async', 'sync'];
  for (const until = performance.now() + streamsWithinMs; ; await sleep(20)) {
    const rows = await primary.query<{ sync_state: string }>(
      `select sync_state from pg_stat_replication where state = 'streaming'`,
    );
    if (rows.some(({ sync_state }) => wanted.includes(sync_state))) return;
    if (performance.now() > until) {
      throw new Error(`The standby does not stream within ${String(streamsWithinMs / 1000)} s of its start`);
    }
  }
}
