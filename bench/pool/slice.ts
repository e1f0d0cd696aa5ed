import { setTimeout as sleep } from 'node:timers/promises';
import { AllocationMeter } from './allocation.js';
import type { Scope } from './scopes.js';
import type { Workload } from './workloads.js';

/** What a candidate did in one slice of time. */
export interface Slice {
  /** Statements, or transactions. */
  readonly done: number;
  readonly ms: number;
  /** User and system, of all threads of the process. */
  readonly cpuMicros: number;
  readonly bytes: number;
}

export interface SlicePlan {
  readonly workload: Workload;
  readonly callers: number;
  readonly ms: number;
  /** Before the measured time begins: connections that were idle are pinged, caches are warm again. */
  readonly leadMs: number;
}

export async function runSlice(scope: Scope, plan: SlicePlan): Promise<Slice> {
  const { workload, callers } = plan;
  const { run, perScope } = workload;
  let started = 0;
  let done = 0;
  let over = false;

  const request = async (): Promise<void> => {
    for (let i = 0; i < perScope && !over; i++) {
      await run(started++);
      done += 1;
    }
  };
  const caller = async (): Promise<void> => {
    while (!over) await scope(request);
  };

  const meter = new AllocationMeter();
  const running = Promise.all(Array.from({ length: callers }, caller));
  // Looked at only in the end otherwise, and a failure meanwhile would be an unhandled rejection.
  const failed = running.then(() => undefined);
  await Promise.race([sleep(plan.leadMs), failed]);
  // The callers run on through both readings, so there is neither a start nor an end in what is measured.
  meter.start();
  const [doneBefore, cpuBefore, before] = [done, process.cpuUsage(), performance.now()];
  await Promise.race([sleep(plan.ms), failed]);
  const [doneAfter, cpu, after] = [done, process.cpuUsage(cpuBefore), performance.now()];
  const bytes = meter.stop();
  over = true;
  await running;
  return { done: doneAfter - doneBefore, ms: after - before, cpuMicros: cpu.user + cpu.system, bytes };
}
