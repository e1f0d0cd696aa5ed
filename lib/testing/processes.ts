import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** The letter of `ps`: T is stopped, Z is dead but not yet collected by its parent. */
  readonly state: string;
}

/** `root` and all that descends from it, parents first; empty when `root` is gone. The dead are left out. */
export function processTree(root: number): ProcessEntry[] {
  const table = processTable();
  const tree = table.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...table.filter(({ parent }) => parent === pid));
  return tree.filter(isAlive);
}

function processTable(): ProcessEntry[] {
  return process.platform === 'linux' ? tableFromProc() : tableFromPs();
}

function isAlive({ state }: ProcessEntry): boolean {
  return state !== 'Z' && state !== 'X';
}

function isStopped({ state }: ProcessEntry): boolean {
  return state === 'T' || state === 't';
}

function tableFromProc(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (entryFromProc(name) ?? []) : []));
}

function entryFromProc(pid: string): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it ended between the listing and now
  }
  // "pid (name) state parent ...", and the name may itself hold spaces and brackets
  const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2);
  return { pid: Number(pid), parent: Number(parent), state };
}

function tableFromPs(): ProcessEntry[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,state='], { encoding: 'latin1' }).split('\n');
  return lines.map((line) => {
    const [pid = '', parent = '', state = ''] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state: state.slice(0, 1) };
  });
}

/** Signals a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Kills `root` and its descendants, frozen or not, and returns their ids. They may take a moment to vanish: `goneAll`.
 * Synchronous, as it must also work while the process exits.
 */
export function killTree(root: number): number[] {
  // The root first stands still: the children of a dead parent could no longer be told from strangers,
  // and a running one makes new children behind our back.
  signal(root, 'SIGSTOP');
  const patience = Date.now() + 1000;
  while (processTree(root).some((entry) => entry.pid === root && !isStopped(entry)) && Date.now() < patience) pause(1);

  const killed = new Set<number>();
  for (;;) {
    const children = processTree(root).filter(({ pid }) => pid !== root && !killed.has(pid));
    if (children.length === 0) break;
    for (const { pid } of children) {
      killed.add(pid);
      signal(pid, 'SIGKILL');
    }
  }
  signal(root, 'SIGKILL');
  return [root, ...killed];
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Stops `root` and its descendants, and those who come to be meanwhile. @throws when they do not within 5 s. */
export async function freezeTree(root: number): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const moving = processTree(root).filter((entry) => !isStopped(entry));
    if (moving.length === 0) return;
    if (Date.now() > deadline) {
      const pids = moving.map(({ pid }) => pid).join(', ');
      throw new Error(`Processes ${pids} did not stop within 5 s of SIGSTOP`);
    }
    for (const { pid } of moving) signal(pid, 'SIGSTOP');
    await sleep(1);
  }
}

/** Lets `root` and its descendants run on, children first. */
export function resumeTree(root: number): void {
  for (const { pid } of processTree(root).reverse()) signal(pid, 'SIGCONT');
}

/** Resolves when none of these processes lives. @throws when one still does after 10 s. */
export async function goneAll(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = processTable().filter((entry) => pids.includes(entry.pid) && isAlive(entry));
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`Processes ${left.map(({ pid }) => pid).join(', ')} are still there 10 s after SIGKILL`);
    }
    await sleep(2);
  }
}
