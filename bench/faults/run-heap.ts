import { Application } from './app/application.js';
import type { FaultName, StackName } from './names.js';
import { Rig } from './rig.js';
import { withstand, type Progress } from './withstand.js';

/** What one cycle goes through. */
const cycle: readonly FaultName[] = ['reset', 'black-hole', 'abandoned'];
const cycles = 5;
/** The first cycle compiles code and fills caches. */
const comparedWith = 2;

export interface HeapRun {
  readonly stack: StackName;
  readonly seconds: number;
  readonly rate: number;
  readonly onProgress?: (progress: Progress & { cycle: number; fault: FaultName }) => void;
}

export interface HeapReport {
  readonly stack: StackName;
  /** In bytes, after each cycle; the least of three readings, each after a collection. */
  readonly heap: readonly number[];
  /** From the second cycle to the last. */
  readonly growth: number;
}

/** A circuit that has opened again and again stays open for a while, whatever its probes say. */
const WELL_WITHIN_MS = 30_000;

/** Cycles of faults under one application, and what they add to its heap. */
export async function runHeap({ stack, seconds, rate, onProgress }: HeapRun): Promise<HeapReport> {
  await using rig = await Rig.start();
  await using application = await Application.start(
    { stack, connectionString: rig.connectionString },
    { exposeGc: true },
  );
  const heap: number[] = [];
  for (let number = 1; number <= cycles; number++) {
    for (const fault of cycle) {
      await withstand({
        rig,
        application,
        fault,
        seconds,
        rate,
        graceMs: 100,
        onProgress: (progress) => onProgress?.({ ...progress, cycle: number, fault }),
      });
      await well(application);
      if (application.death !== undefined) throw new Error(`The application died: ${application.death.said}`);
    }
    heap.push(await application.ask('heap'));
  }
  return { stack, heap, growth: (heap.at(-1) ?? NaN) - (heap[comparedWith - 1] ?? NaN) };
}

async function well({ port }: Application): Promise<void> {
  const until = performance.now() + WELL_WITHIN_MS;
  while ((await read(port)) !== 200) {
    if (performance.now() > until) throw new Error(`No read was answered within ${String(WELL_WITHIN_MS)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function read(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}/read/1`);
  await answer.arrayBuffer();
  return answer.status;
}
