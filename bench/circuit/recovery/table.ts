import { columns, ms } from '../cli/columns.js';
import type { FaultSummary } from './summary.js';

const heading = [
  'fault',
  'rounds',
  'open after',
  'worst',
  'seen first',
  'closed after',
  'worst',
  'refused',
  'p50',
  'p99',
  'worst',
  'caught',
  'failed',
  'sent while open',
];

export function table(summaries: readonly FaultSummary[]): string {
  return columns([heading, ...summaries.map(row)]);
}

function row(of: FaultSummary): string[] {
  const seen = of.rounds - of.openedBefore;
  return [
    of.fault,
    String(of.rounds),
    ms(of.openedMedianMs),
    ms(of.openedWorstMs),
    seen === 0 ? 'never' : `${String(seen)}, ${ms(of.openedAfterFailureWorstMs)}`,
    ms(of.closedMedianMs),
    ms(of.closedWorstMs),
    String(of.refused),
    ms(of.refusedP50Ms, 2),
    ms(of.refusedP99Ms, 2),
    ms(of.refusedWorstMs, 2),
    String(of.caught),
    String(of.failed),
    `${String(of.sentWhileOpen)} of ${String(of.sent)}`,
  ];
}
