import { Application } from './app/application.js';
import { connectionsFor } from './break-it.js';
import type { FaultName, StackName } from './names.js';
import type { FaultReport } from './report.js';
import { Rig } from './rig.js';
import { withstand, type Progress } from './withstand.js';

export interface FaultRun {
  readonly fault: FaultName;
  readonly stack: StackName;
  /** How long the fault lasts. */
  readonly seconds: number;
  /** Reads a second. */
  readonly rate: number;
  /** How much later than the deadline an answer may come. */
  readonly graceMs: number;
  /** So many times as long as it should take at most, a slow machine has for recovery. Default 1: the exact figure. */
  readonly patience?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** One fault under one stack, with a server and an application of its own. */
export async function runFault({ stack, ...plan }: FaultRun): Promise<FaultReport> {
  await using rig = await Rig.start({ maxConnections: connectionsFor(plan.fault) });
  await using application = await Application.start({ stack, connectionString: rig.connectionString });
  return { stack, ...(await withstand({ rig, application, ...plan })) };
}
