import { Rig } from '../../faults/rig.js';
import { ms } from '../cli/columns.js';
import type { FaultName } from '../names.js';
import type { OnProgress, PartReport } from '../part-report.js';
import { runRound, type Round } from './run-round.js';
import { brokenRules, summarise } from './summary.js';
import { table } from './table.js';

/** From here on a delay of this process itself is told. */
const heldUpMs = 50;

/** Outages, one after the other, each under a fresh pool. */
export async function recovery(
  faults: readonly FaultName[],
  rounds: number,
  onProgress: OnProgress,
): Promise<PartReport> {
  const runs: { fault: FaultName; rounds: readonly Round[] }[] = [];
  for (const fault of faults) runs.push({ fault, rounds: await runFault(fault, rounds, onProgress) });
  const summaries = runs.map((run) => summarise(run.fault, run.rounds));
  const delay = Math.max(...summaries.map(({ worstDelayMs }) => worstDelayMs));
  const remark = delay < heldUpMs ? '' : `\n\n  this command itself made calls up to ${ms(delay)} late`;
  return {
    text: table(summaries) + remark,
    figures: summaries.map((summary, index) => ({ ...summary, each: runs[index]?.rounds })),
    broken: summaries.flatMap((summary, index) => brokenRules(summary, runs[index]?.rounds ?? [])),
  };
}

async function runFault(fault: FaultName, count: number, onProgress: OnProgress): Promise<readonly Round[]> {
  await using rig = await Rig.start();
  const rounds: Round[] = [];
  for (let round = 1; round <= count; round++) {
    onProgress(`${fault}, round ${String(round)} of ${String(count)}`);
    rounds.push(await runRound(rig, fault));
  }
  return rounds;
}
