import { setTimeout as sleep } from 'node:timers/promises';
import { Rig } from '../../faults/rig.js';
import { quantile } from '../../pool/statistics.js';
import { breakIt } from '../load/break-it.js';
import { Subject } from '../load/subject.js';
import { limits } from '../names.js';
import type { OnProgress } from '../part-report.js';

const times = 10;
const downMs = 2000;
const upMs = 2000;
const closesWithinMs = 25_000;

export type FlappingFault = 'killed' | 'refuse';

export interface FlappingFigures {
  readonly fault: FlappingFault;
  readonly requests: number;
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  /** Requests that were answered later than `limits.slowMs` after they were due. */
  readonly slow: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  readonly openings: readonly { readonly leastOpenMs: number; readonly openedForMs: number }[];
}

/** A server that comes and goes, ten times. */
export async function runFlapping(fault: FlappingFault, onProgress: OnProgress): Promise<FlappingFigures> {
  await using rig = await Rig.start();
  await using subject = new Subject(rig.connectionString);
  const { calls, changes, pool } = subject;
  await sleep(1000);
  for (let time = 1; time <= times; time++) {
    onProgress(`${fault}, ${String(time)} of ${String(times)}, the circuit is ${pool.circuit.state}`);
    const heal = await breakIt[fault](rig);
    await sleep(downMs);
    await heal();
    await sleep(upMs);
  }
  onProgress(`${fault}: until the circuit is closed`);
  if (pool.circuit.state !== 'closed') await subject.changedTo('closed', performance.now(), closesWithinMs);
  const answers = await calls.stop();
  const late = answers.map(({ dueAt, endedAt }) => endedAt - dueAt);
  const count = (kind: string) => answers.filter((answer) => answer.kind === kind).length;
  const opened = changes.filter(({ from, to }) => from === 'closed' && to === 'open');
  const closed = changes.filter(({ to }) => to === 'closed');
  return {
    fault,
    requests: answers.length,
    ok: count('ok'),
    refused: count('refused'),
    failed: count('failed'),
    slow: late.filter((ms) => ms > limits.slowMs).length,
    p99Ms: quantile(late, 0.99),
    worstMs: quantile(late, 1),
    openings: opened.map(({ leastOpenMs }, index) => ({ leastOpenMs, openedForMs: closed[index]?.openedForMs ?? NaN })),
  };
}
