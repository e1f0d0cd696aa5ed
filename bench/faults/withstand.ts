import type { Application } from './app/application.js';
import type { CircuitSeen } from './app/circuit-watch.js';
import { abandon } from './abandon.js';
import { breakIt, type LastingFault } from './break-it.js';
import { reportCircuit } from './circuit.js';
import { lagOf } from './lag.js';
import { look, whatIsLeft } from './left.js';
import { Load, type Sample } from './load.js';
import { deadlineMs, probeTimeoutMs, silentFaults, type FaultName } from './names.js';
import type { AbandonedReport, Answer, FaultReport, Left } from './report.js';
import type { Rig } from './rig.js';
import { isAccepted, recoveredAtLeast } from './rules.js';
import { warmUp } from './warm-up.js';

/** How long all is well before a fault. */
const calmMs = 500;
/**
 * Of the reads begun so long after healing, nearly all must succeed; after a silent fault so much later as a question takes
 * that was asked before and is never answered.
 */
const recovery = { fromMs: 1000, toMs: 3000, laterMs: probeTimeoutMs } as const;
const healWithinMs = 30_000;
/** Beside twenty reads there is one transaction, on a client that is checked out for it. */
const readsATransaction = 20;
/** Control requests a second. */
const controlRate = 20;
const mostWorst = 20;

export type Phase = 'calm' | 'fault' | 'healing' | 'recovery' | 'settling';

export interface Progress {
  readonly phase: Phase;
  readonly sent: number;
  readonly answered: number;
  readonly ok: number;
}

export interface Plan {
  readonly rig: Rig;
  readonly application: Application;
  readonly fault: FaultName;
  readonly seconds: number;
  readonly rate: number;
  readonly graceMs: number;
  readonly patience?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a phase of a run has seen. */
export interface Course {
  readonly reads: readonly Sample[];
  readonly transactions: readonly Sample[];
  /** Requests without a database. */
  readonly control: readonly Sample[];
  /** The reads of these moments are those that must succeed. */
  readonly wellFrom: number;
  readonly wellTo: number;
  /** When somebody else could connect. */
  readonly healedAt: number;
  readonly healedAfterMs: number;
  readonly worstDelayMs: number;
  readonly abandoned?: AbandonedReport;
}

/** Puts the application through one fault. */
export async function withstand(plan: Plan): Promise<Omit<FaultReport, 'stack'>> {
  const { rig, application, fault } = plan;
  await warmUp(application);
  const before = await application.ask('look');
  const course = fault === 'abandoned' ? await abandon(plan) : await endure(plan, fault);
  const { worstDelayMs } = await look(application);
  const left = await whatIsLeft(rig, application, before);
  const seen = await lookAtCircuit(application);
  return {
    ...report(plan, course, left),
    ...(seen === null ? {} : { circuit: reportCircuit({ ...plan, ...course, seen }) }),
    worstApplicationDelayMs: worstDelayMs,
  };
}

async function endure(plan: Plan, fault: LastingFault): Promise<Course> {
  const { rig, application, seconds, rate } = plan;
  const { port } = application;
  const reads = new Load({ port, perSecond: rate, method: 'GET', path: '/read' });
  const transactions = new Load({ port, perSecond: rate / readsATransaction, method: 'POST', path: '/transaction' });
  const control = new Load({ port, perSecond: controlRate, method: 'GET', path: '/control' });
  const observed = observe(plan, reads);
  try {
    await sleepUntil(performance.now() + calmMs);
    observed.phase = 'fault';
    const { healAt, heal } = await breakIt(rig, fault, seconds);
    await sleepUntil(healAt);
    observed.phase = 'healing';
    const began = performance.now();
    const [, healedAt] = await Promise.all([heal(), rig.healedAt(healWithinMs)]);
    observed.phase = 'recovery';
    const wellAt = healedAt + (silentFaults.has(fault) ? recovery.laterMs : 0);
    const well = { from: wellAt + recovery.fromMs, to: wellAt + recovery.toMs };
    await sleepUntil(well.to);
    for (let more = plan.patience ?? 1; more > 1 && !isWell(reads.samples, well); more--) {
      const ms = recovery.toMs - recovery.fromMs;
      well.from += ms;
      well.to += ms;
      await sleepUntil(well.to);
    }
    observed.phase = 'settling';
    await Promise.all([reads.stop(), transactions.stop()]);
    await control.stop();
    return {
      reads: reads.samples,
      transactions: transactions.samples,
      control: control.samples,
      wellFrom: well.from,
      wellTo: well.to,
      healedAt,
      healedAfterMs: healedAt - began,
      worstDelayMs: reads.worstDelayMs,
    };
  } finally {
    observed.end();
    void reads.stop();
    void transactions.stop();
    void control.stop();
  }
}

async function lookAtCircuit(application: Application): Promise<CircuitSeen | null> {
  return application.death === undefined ? application.ask('circuit') : null;
}

/** As far as can be seen before the last of them are answered. */
function isWell(reads: readonly Sample[], { from, to }: { from: number; to: number }): boolean {
  const asked = reads.filter(({ dueAt }) => dueAt >= from && dueAt < to);
  const slowest = asked.reduce((most, { ms }) => Math.max(most, ms), 0);
  return (
    asked.filter(({ status }) => status === '200').length >= asked.length * recoveredAtLeast && slowest < deadlineMs / 2
  );
}

function observe({ onProgress }: Plan, load: Load): { phase: Phase; end: () => void } {
  const timer = setInterval(() => {
    const ok = load.samples.filter(({ status }) => status === '200').length;
    onProgress?.({ phase: observed.phase, sent: load.sent, answered: load.samples.length, ok });
  }, 250);
  const observed = { phase: 'calm' as Phase, end: () => clearInterval(timer) };
  return observed;
}

function report(
  plan: Plan,
  course: Course,
  left: Left,
): Omit<FaultReport, 'stack' | 'circuit' | 'worstApplicationDelayMs'> {
  const { application, fault, seconds, rate, graceMs } = plan;
  const { reads, transactions, control, healedAfterMs, worstDelayMs, abandoned } = course;
  const samples = [...reads, ...transactions];
  const answers: Record<string, number> = {};
  for (const { status } of samples) answers[status] = (answers[status] ?? 0) + 1;
  const lateAfterMs = deadlineMs + graceMs;
  const well = reads.filter(({ dueAt }) => dueAt >= course.wellFrom && dueAt < course.wellTo);
  const { death } = application;
  return {
    fault,
    seconds,
    rate,
    answers,
    latestMs: samples.reduce((latest, { ms }) => Math.max(latest, ms), 0),
    lateAfterMs,
    late: samples.filter((sample) => sample.ms - lagOf(sample, control) > lateAfterMs).length,
    hung: answers.hung ?? 0,
    others: samples.filter(({ status }) => status !== 'hung' && !isAccepted(status)).length,
    recovered: { reads: well.length, ok: well.filter(({ status }) => status === '200').length },
    healedAfterMs,
    ...(abandoned === undefined ? {} : { abandoned }),
    ...(death === undefined ? {} : { death }),
    left,
    worst: worstOf(samples),
    worstDelayMs,
    worstControlMs: control.reduce((worst, { ms }) => Math.max(worst, ms), 0),
  };
}

function worstOf(samples: readonly Sample[]): Answer[] {
  const began = Math.min(...samples.map(({ dueAt }) => dueAt));
  const longest = [...samples].sort((a, b) => b.ms - a.ms).slice(0, mostWorst);
  return longest.map(({ dueAt, ...answer }) => ({ dueMs: dueAt - began, ...answer }));
}

function sleepUntil(moment: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - performance.now())));
}
