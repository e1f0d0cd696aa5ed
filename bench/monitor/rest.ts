import { Worker } from '../pool/worker.js';
import type { RestRequest } from './rest-child.js';

/** What a pool takes that nobody uses. */
export interface Rest {
  readonly connections: number;
  readonly ms: number;
  /** Of one core, 0 to 1: user and system, of all threads of the process. */
  readonly share: number;
}

const plan = { connections: 2, ms: 10_000 };

/** A pool with its monitor, its metrics and its health, in a process where nothing else runs. */
export async function measureRest(connectionString: string, signal: AbortSignal): Promise<Rest> {
  const worker = new Worker<RestRequest>('at rest', new URL('./rest-child.js', import.meta.url), signal);
  try {
    const cpuMicros = await worker.ask<number>({ ...plan, connectionString });
    return { ...plan, share: cpuMicros / (plan.ms * 1000) };
  } finally {
    worker.end();
  }
}
