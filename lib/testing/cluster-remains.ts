import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { killTree } from './processes.js';

/** Kills the server, if any, and removes its folder. Synchronous: it also runs while a process exits. */
export function removeRemains(folder: string, pid: number | undefined): void {
  if (pid !== undefined) killTree(pid);
  removeSharedMemory(join(folder, 'data'));
  // A killed process may still be finishing a write, so a directory can turn out not to be empty.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

// A server that was killed leaves its System V segment (56 bytes) behind; only a restart on the same data folder or
// ipcrm removes it. The 7th line of postmaster.pid says "key id"; a server that was shut down removes the file.
function removeSharedMemory(dataFolder: string): void {
  let lines: string[];
  try {
    lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'latin1').split('\n');
  } catch {
    return;
  }
  const id = /^\s*\d+\s+(\d+)/.exec(lines[6] ?? '')?.[1];
  if (id !== undefined) spawnSync('ipcrm', ['-m', id], { stdio: 'ignore' });
}
