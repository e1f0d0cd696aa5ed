import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { processTree } from '../../../lib/testing/processes.js';
import type { Account } from '../../../lib/testing/user.js';

/** What the promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => {
      throw new Error('It was to reject, and did not');
    },
    (error: unknown) => error as Error,
  );
}

/** A connected client, whose loss is no reason to end the process. */
export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Resolves when the client knows that its connection is gone. */
export function lost(client: pg.Client): Promise<void> {
  return new Promise((resolve) => client.once('end', resolve));
}

/** `connected`, or the code of the error. */
export function dialResult(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code);
    });
    socket.on('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });
}

export async function folderOf(server: PostgresServer): Promise<string> {
  const [row] = await server.query<{ data_directory: string }>('show data_directory');
  return dirname(row?.data_directory ?? '');
}

export interface Traces {
  folder: string;
  pids: number[];
  segments: number[];
}

/** Everything by which a running server can be seen from outside. */
export async function tracesOf(server: PostgresServer): Promise<Traces> {
  const { pid = 0 } = server;
  return {
    folder: await folderOf(server),
    pids: processTree(pid).map((entry) => entry.pid),
    segments: sharedMemory().flatMap(({ id, creator }) => (creator === pid ? [id] : [])),
  };
}

/** Those traces that are still there. */
export function tracesLeft({ folder, pids, segments }: Traces): string[] {
  const present = new Set(sharedMemory().map(({ id }) => id));
  return [
    ...(existsSync(folder) ? [folder] : []),
    ...pids.filter((pid) => processTree(pid).length > 0).map((pid) => `process ${String(pid)}`),
    ...segments.filter((id) => present.has(id)).map((id) => `shared memory ${String(id)}`),
  ];
}

/** What is left of them as soon as nothing is, or after `ms`. */
export async function tracesLeftAfter(ms: number, traces: Traces): Promise<string[]> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline && tracesLeft(traces).length > 0) await sleep(20);
  return tracesLeft(traces);
}

function sharedMemory(): { id: number; creator: number }[] {
  if (process.platform !== 'linux') return [];
  const [heading = '', ...lines] = readFileSync('/proc/sysvipc/shm', 'latin1').trim().split('\n');
  const columns = heading.trim().split(/\s+/);
  return lines.map((line) => {
    const values = line.trim().split(/\s+/).map(Number);
    return { id: values[columns.indexOf('shmid')] ?? 0, creator: values[columns.indexOf('cpid')] ?? 0 };
  });
}

/** Whether the promise has settled when `ms` have passed. */
export function settledWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, sleep(ms, false)]);
}

/** Whether that account may run this Node and read the file: it may not where either is in somebody's home. */
export function canRun(path: string, account: Account): boolean {
  const code = `require('node:fs').accessSync(${JSON.stringify(path)})`;
  return spawnSync(process.execPath, ['-e', code], { ...account, cwd: '/' }).status === 0;
}
