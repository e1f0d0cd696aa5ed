import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface MonitorMemory {
  /** Distinct statements that were run. */
  readonly statements: number;
  /** What they left in memory after a collection, strings and buffers included. In 2^20 bytes. */
  readonly heapMb: number;
}

const statements = 1_000_000;

/** What a million different statements leave in memory, beyond what making their texts leaves. */
export async function monitorMemory(): Promise<MonitorMemory> {
  const without = await leftBy('nothing');
  const withMonitor = await leftBy('monitor');
  return { statements, heapMb: (withMonitor - without) / 2 ** 20 };
}

async function leftBy(what: 'nothing' | 'monitor'): Promise<number> {
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [what, String(statements)], {
    execArgv: ['--expose-gc'],
  });
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The child that measures memory ended with ${String(code)}`);
    }),
  ])) as [number];
  return message;
}
