import { quantile } from '../../pool/statistics.js';
import { limits, probeTimeoutMs, silentFaults, type FaultName } from '../names.js';
import type { Round } from './run-round.js';

/** What the rounds of one fault come to. */
export interface FaultSummary {
  readonly fault: FaultName;
  readonly rounds: number;
  readonly openedMedianMs: number;
  readonly openedWorstMs: number;
  /** Rounds in which the circuit was open before any caller saw a failure. */
  readonly openedBefore: number;
  /** Of the others, the worst, from the first failure on. */
  readonly openedAfterFailureWorstMs: number;
  readonly closedMedianMs: number;
  readonly closedWorstMs: number;
  readonly refused: number;
  readonly refusedP50Ms: number;
  readonly refusedP99Ms: number;
  readonly refusedWorstMs: number;
  readonly caught: number;
  readonly failed: number;
  readonly sent: number;
  readonly sentWhileOpen: number;
  readonly worstDelayMs: number;
}

export function summarise(fault: FaultName, rounds: readonly Round[]): FaultSummary {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const opened = rounds.map(({ openedMs }) => openedMs);
  const closed = rounds.map(({ closedMs }) => closedMs);
  const refused = rounds.flatMap(({ refusedMs }) => refusedMs);
  const after = rounds.flatMap(({ openedAfterFailureMs }) => openedAfterFailureMs ?? []);
  return {
    fault,
    rounds: rounds.length,
    openedMedianMs: quantile(opened, 0.5),
    openedWorstMs: quantile(opened, 1),
    openedBefore: rounds.length - after.length,
    openedAfterFailureWorstMs: Math.max(0, ...after),
    closedMedianMs: quantile(closed, 0.5),
    closedWorstMs: quantile(closed, 1),
    refused: refused.length,
    refusedP50Ms: refused.length === 0 ? NaN : quantile(refused, 0.5),
    refusedP99Ms: refused.length === 0 ? NaN : quantile(refused, 0.99),
    refusedWorstMs: refused.length === 0 ? NaN : quantile(refused, 1),
    caught: sum((round) => round.caught),
    failed: sum((round) => round.failed),
    sent: sum((round) => round.sent),
    sentWhileOpen: sum((round) => round.sentWhileOpen),
    worstDelayMs: Math.max(...rounds.map(({ worstDelayMs }) => worstDelayMs)),
  };
}

/** The rules that were broken. */
export function brokenRules(summary: FaultSummary, rounds: readonly Round[]): string[] {
  const { fault, closedMedianMs, closedWorstMs, refused, refusedP99Ms, sentWhileOpen } = summary;
  const patience = silentFaults.has(fault) ? probeTimeoutMs : 0;
  const broken: string[] = [];
  if (closedMedianMs > limits.closedMedianMs + patience) {
    broken.push(
      `${fault}: closed after ${ms(closedMedianMs)} in the median, not ${ms(limits.closedMedianMs + patience)}`,
    );
  }
  if (closedWorstMs >= limits.closedWorstMs + patience) {
    broken.push(`${fault}: closed after ${ms(closedWorstMs)} at worst, not ${ms(limits.closedWorstMs + patience)}`);
  }
  if (refused === 0) broken.push(`${fault}: nobody was refused while the circuit was open`);
  if (refusedP99Ms >= limits.refusedP99Ms) broken.push(`${fault}: a refusal took ${ms(refusedP99Ms, 2)} (p99)`);
  if (sentWhileOpen > 0)
    broken.push(`${fault}: ${String(sentWhileOpen)} statements were sent while the circuit was open`);
  // An instrument that misses statements would find none while it is open either.
  if (rounds.some(({ sent, answered }) => sent < answered)) {
    broken.push(`${fault}: fewer statements were seen on the wire than were answered`);
  }
  return broken;
}

function ms(value: number, digits = 0): string {
  return `${value.toFixed(digits)} ms`;
}
