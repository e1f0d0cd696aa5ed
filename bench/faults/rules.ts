import { describeLeft } from './left.js';
import type { FaultName } from './names.js';
import type { CircuitReport, FaultReport } from './report.js';

export const recoveredAtLeast = 0.95;

export type Rule =
  | 'lives'
  | 'in time'
  | 'none hangs'
  | 'statuses'
  | 'recovers'
  | 'nothing left'
  | 'cancelled'
  | 'stored'
  | 'opens'
  | 'refuses at once'
  | 'asks nothing'
  | 'says when'
  | 'closes';

/** Of these a circuit hears at once. */
const opening: ReadonlySet<FaultName> = new Set(['refuse', 'killed', 'too-many-connections']);

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
  if (report.circuit !== undefined) breakCircuitRules(broken, report.fault, report.circuit);
  return broken;
}

function breakCircuitRules(broken: Map<Rule, string>, fault: FaultName, circuit: CircuitReport): void {
  const { opened, open, openP99AtMost, asked, withoutRetryAfter, closedAfterMs = 0, closedAtMost } = circuit;
  if (opened === 0 && opening.has(fault)) broken.set('opens', 'the circuit did not open');
  if (open !== undefined && open.ownP99Ms > openP99AtMost) {
    const most = `at most ${String(openP99AtMost)} are allowed`;
    broken.set('refuses at once', `p99 while the circuit was open: ${open.ownP99Ms.toFixed(0)} ms; ${most}`);
  }
  if (asked > 0)
    broken.set('asks nothing', `${String(asked)} users were given a connection while the circuit was open`);
  if (withoutRetryAfter > 0) {
    broken.set('says when', `${String(withoutRetryAfter)} answers with 503 and without Retry-After`);
  }
  if (closedAfterMs === 'never') broken.set('closes', 'the circuit was not closed again');
  else if (closedAtMost !== undefined && closedAfterMs > closedAtMost) {
    const most = `at most ${String(closedAtMost)} are allowed`;
    broken.set('closes', `the circuit was closed ${closedAfterMs.toFixed(0)} ms after the end of the fault; ${most}`);
  }
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
