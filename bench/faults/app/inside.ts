import { monitorEventLoopDelay } from 'node:perf_hooks';
import type pg from 'pg';
import { countTimers } from './timers.js';

/** What can be seen of the application from within. */
export interface Inside {
  readonly checkedOut: number;
  readonly waiting: number;
  readonly timers: number;
  readonly listeners: number;
  /** How long something else at most held up what was due in this process, since it was last asked. */
  readonly worstDelayMs: number;
  /** What keeps the process alive, by type, timers apart. */
  readonly resources: Readonly<Record<string, number>>;
}

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

export function lookInside(pool: pg.Pool): Inside {
  const resources: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) {
    if (type !== 'Timeout' && type !== 'Immediate') resources[type] = (resources[type] ?? 0) + 1;
  }
  const worstDelayMs = delay.max / 1e6;
  delay.reset();
  return {
    worstDelayMs,
    checkedOut: pool.totalCount - pool.idleCount,
    waiting: pool.waitingCount,
    timers: countTimers(),
    listeners: countListeners(pool) + countListeners(process),
    resources,
  };
}

function countListeners(emitter: NodeJS.EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

/** The least of three readings of the heap, each after a collection. */
export async function readHeap(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('The heap can be read only with --expose-gc');
  let least = Infinity;
  for (let reading = 0; reading < 3; reading++) {
    // What a collection finds to be finalised is freed by the next one.
    await new Promise((resolve) => setTimeout(resolve, 100));
    gc();
    gc();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
}
