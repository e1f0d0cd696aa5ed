import type { Death } from './app/application.js';
import type { Latencies } from './latencies.js';
import type { Sample } from './load.js';
import type { FaultName, StackName } from './names.js';

/** What a run came to. */
export interface FaultReport {
  readonly fault: FaultName;
  readonly stack: StackName;
  readonly seconds: number;
  readonly rate: number;
  /** Reads and transactions together: how many had which answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly latestMs: number;
  /** The answers after this time, and what the machine added to it, are the late ones; those that never came among them. */
  readonly lateAfterMs: number;
  readonly late: number;
  readonly hung: number;
  /** Neither 200 nor 503 nor 504, and not hung. */
  readonly others: number;
  /** The reads that were begun when all should be well again. */
  readonly recovered: { readonly reads: number; readonly ok: number };
  /** From the end of the fault to the first connection of somebody else. */
  readonly healedAfterMs: number;
  readonly abandoned?: AbandonedReport;
  /** Where there is a circuit that can be looked at. */
  readonly circuit?: CircuitReport;
  /** Undefined while it lives. */
  readonly death?: Death;
  readonly left: Left;
  /** The answers that took longest. */
  readonly worst: readonly Answer[];
  /** By how much this instrument itself sent late, at worst. */
  readonly worstDelayMs: number;
  /** How long a request without a database took at worst. */
  readonly worstControlMs: number;
  /** How long the application's event loop was held up, at worst. */
  readonly worstApplicationDelayMs: number;
}

export interface Answer extends Omit<Sample, 'dueAt'> {
  /** When it was due, from the beginning of the load. */
  readonly dueMs: number;
}

export interface CircuitReport {
  /** How often. */
  readonly opened: number;
  /** The first time, from the first failure that a caller saw; undefined where it did not open. */
  readonly openedAfterMs?: number | 'before any';
  /** For good, from the first connection of somebody else after the fault; undefined where it did not open. */
  readonly closedAfterMs?: number | 'never';
  /** Undefined where that is not judged. */
  readonly closedAtMost: number | undefined;
  /** The answers to reads that came while it was not closed, as their clients saw them. */
  readonly open?: Latencies & {
    /** The same, less what the machine added to each of them. */
    readonly ownP99Ms: number;
  };
  readonly openP99AtMost: number;
  /** The same in the application: from a call of the pool to its refusal. */
  readonly refused?: Latencies;
  /** Of users, while it was not closed. */
  readonly asked: number;
  /** 503s that do not say in whole seconds when to come again. */
  readonly withoutRetryAfter: number;
}

export interface AbandonedReport {
  /** Statements that still run on the server 500 ms after the last client left. */
  readonly active: number;
  readonly writeStored: boolean;
}

/** What is still there 5 s after the last answer, and was not there before. */
export interface Left {
  /** How long it took until nothing was left; undefined where something is. */
  readonly settledMs: number | undefined;
  readonly checkedOut: number;
  readonly waiting: number;
  readonly active: number;
  readonly transactions: number;
  readonly locks: number;
  readonly timers: number;
  readonly listeners: number;
  readonly resources: Readonly<Record<string, number>>;
}
