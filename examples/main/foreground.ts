import { execFileSync } from 'node:child_process';

/**
 * Whether this process may read from its terminal: one that was started with & is stopped by the system when it tries.
 */
export function isInForeground(): boolean {
  try {
    const columns = execFileSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'latin1' });
    const [group, foreground] = columns.trim().split(/\s+/);
    return group === foreground;
  } catch {
    return true; // a machine without ps
  }
}
