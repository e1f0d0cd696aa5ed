import { styleText } from 'node:util';
import type { CircuitReport, FaultReport } from '../report.js';
import { brokenRules } from '../rules.js';
import { count, row, titles, type Column } from './columns.js';

const columns: readonly Column<CircuitReport>[] = [
  { title: 'opened', width: 8, rule: 'opens', of: ({ opened }) => `${count(opened)} ×` },
  { title: 'after', width: 12, of: ({ openedAfterMs }) => moment(openedAfterMs) },
  { title: 'reads', width: 8, of: ({ open }) => count(open?.count ?? 0) },
  { title: 'p50', width: 11, of: ({ open }) => ms(open?.p50Ms, 1) },
  { title: 'p99', width: 11, rule: 'refuses at once', of: ({ open }) => ms(open?.p99Ms, 1) },
  { title: 'worst', width: 11, of: ({ open }) => ms(open?.worstMs, 1) },
  { title: 'inside p99', width: 12, of: ({ refused }) => ms(refused?.p99Ms, 2) },
  { title: 'asked', width: 7, rule: 'asks nothing', of: ({ asked }) => count(asked) },
  { title: 'no Retry-After', width: 16, rule: 'says when', of: ({ withoutRetryAfter }) => count(withoutRetryAfter) },
  { title: 'closed after', width: 14, rule: 'closes', of: ({ closedAfterMs }) => moment(closedAfterMs) },
];

/** What the circuit of a stack did; nothing where it has none that can be looked at. */
export function circuitTable(report: FaultReport, colour: boolean): string[] {
  const { circuit, stack } = report;
  if (circuit === undefined) return [];
  const broken = brokenRules(report);
  if (circuit.opened === 0) {
    const line = `    ${stack}: the circuit stayed closed`;
    return ['', colour && broken.has('opens') ? styleText('red', line) : line];
  }
  return [
    '',
    `    ${'circuit of'.padEnd(10)}${titles(columns)}`,
    `    ${stack.padEnd(10)}${row(columns, circuit, broken, colour)}`,
  ];
}

function moment(value: number | string | undefined): string {
  return typeof value === 'number' ? `${count(Math.round(value))} ms` : (value ?? '–');
}

function ms(value: number | undefined, digits: number): string {
  return value === undefined ? '–' : `${value.toFixed(digits)} ms`;
}
