import type { Cost } from './cost.js';
import { Worker } from './worker.js';

/** What the way through a closed circuit adds to a statement, in a process where nothing else has run. */
export async function measureCircuit(signal: AbortSignal): Promise<Cost> {
  const worker = new Worker('circuit', new URL('./parts/circuit-child.js', import.meta.url), signal);
  try {
    return await worker.ask<Cost>({});
  } finally {
    worker.end();
  }
}
