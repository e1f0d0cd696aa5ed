import { describeLeft } from './left.js';
import type { FaultReport } from './report.js';

export const recoveredAtLeast = 0.95;

export type Rule =
  'lives' | 'in time' | 'none hangs' | 'statuses' | 'recovers' | 'nothing left' | 'cancelled' | 'stored';

/** The rules that a run has broken, each with what was seen. */
export function brokenRules(report: FaultReport): Map<Rule, string> {
  const broken = new Map<Rule, string>();
  const { late, lateAfterMs, latestMs, hung, others, death, left, abandoned, recovered } = report;
  if (death !== undefined) broken.set('lives', `the process died: ${death.said.split('\n').at(-1) ?? ''}`);
  if (late > 0) {
    const latest = `the latest after ${String(Math.round(latestMs))} ms`;
    broken.set('in time', `${String(late)} answers later than ${String(lateAfterMs)} ms, ${latest}`);
  }
  if (hung > 0) broken.set('none hangs', `${String(hung)} requests without an answer`);
  if (others > 0) broken.set('statuses', `answers other than 200, 503 and 504: ${otherAnswers(report)}`);
  const least = abandoned === undefined ? recoveredAtLeast : 1;
  if (recovered.ok < recovered.reads * least) {
    const ok = `${String(recovered.ok)} of ${String(recovered.reads)} reads`;
    broken.set('recovers', `${ok} were answered with 200 when all should be well`);
  }
  if (left.settledMs === undefined) broken.set('nothing left', `left behind: ${describeLeft(left).join(', ')}`);
  if (abandoned !== undefined && abandoned.active > 0) {
    broken.set('cancelled', `${String(abandoned.active)} statements of clients who had left still ran`);
  }
  if (abandoned?.writeStored === false) broken.set('stored', 'the write of a client who left is not there');
  return broken;
}

/** The answers that are neither 200 nor 503 nor 504. */
export function otherAnswers({ answers }: FaultReport): string {
  return Object.entries(answers)
    .filter(([status]) => !isAccepted(status) && status !== 'hung')
    .map(([status, count]) => `${String(count)} × ${status}`)
    .join(', ');
}

export function isAccepted(status: string): boolean {
  return status === '200' || status === '503' || status === '504';
}
