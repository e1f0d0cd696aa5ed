import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { removeRemains } from './cluster-remains.js';

const guarded = new Map<string, number | undefined>();
let watchdog: ChildProcess | undefined;

/** From now on this folder goes when this process goes, in whatever way it ends, and so does the process `pid`. */
export function guard(folder: string, pid?: number): void {
  if (guarded.size === 0) process.on('exit', removeAll);
  guarded.set(folder, pid);
  tell({ folder, pid: pid ?? null });
}

/** The folder is gone and needs no care any more. */
export function unguard(folder: string): void {
  guarded.delete(folder);
  if (guarded.size === 0) process.off('exit', removeAll);
  tell({ folder, gone: true });
}

function removeAll(): void {
  for (const [folder, pid] of guarded) {
    removeRemains(folder, pid);
    tell({ folder, gone: true });
  }
}

/** What the watchdog reads: one JSON object a line. */
export type Notice = { folder: string; pid: number | null } | { folder: string; gone: true };

function tell(notice: Notice): void {
  watchdog ??= startWatchdog();
  watchdog.stdin?.write(`${JSON.stringify(notice)}\n`);
}

// A process that is killed runs no exit handler. The watchdog's standard input ends when this process does, however
// that comes about. It leads a session of its own, so that Ctrl-C in a terminal does not reach it.
function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./watchdog.js', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { PATH: process.env.PATH },
  });
  const forget = (): void => {
    if (watchdog === child) watchdog = undefined;
  };
  child.on('error', forget);
  child.on('exit', forget);
  child.stdin.on('error', forget);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
