import { styleText } from 'node:util';
import { describeLeft } from '../left.js';
import { faults, stacks, type StackName } from '../names.js';
import type { HeapReport } from '../run-heap.js';
import type { FaultReport } from '../report.js';
import { brokenRules } from '../rules.js';
import { circuitTable } from './circuit-table.js';
import { count, row, titles, type Column } from './columns.js';

const answers = (status: string) => (report: FaultReport) => count(report.answers[status] ?? 0);
const lasting: readonly Column[] = [
  { title: '200', width: 7, of: answers('200') },
  { title: '503', width: 7, of: answers('503') },
  { title: '504', width: 7, of: answers('504') },
  { title: 'other', width: 7, rule: 'statuses', of: ({ others }) => count(others) },
  { title: 'hung', width: 6, rule: 'none hangs', of: ({ hung }) => count(hung) },
  { title: 'late', width: 7, rule: 'in time', of: ({ late }) => count(late) },
  { title: 'latest', width: 11, rule: 'in time', of: ({ latestMs }) => `${count(Math.round(latestMs))} ms` },
  { title: 'recovered', width: 11, rule: 'recovers', of: recovered },
];
const leaving: readonly Column[] = [
  { title: 'running 500 ms later', width: 21, rule: 'cancelled', of: ({ abandoned }) => count(abandoned?.active ?? 0) },
  {
    title: 'next reads',
    width: 11,
    rule: 'recovers',
    of: ({ recovered: { ok, reads } }) => `${String(ok)}/${String(reads)}`,
  },
  { title: 'latest', width: 11, rule: 'in time', of: ({ latestMs }) => `${count(Math.round(latestMs))} ms` },
  {
    title: 'write',
    width: 9,
    rule: 'stored',
    of: ({ abandoned }) => (abandoned?.writeStored === true ? 'stored' : 'missing'),
  },
];
const both: readonly Column[] = [
  { title: 'process', width: 9, rule: 'lives', of: ({ death }) => (death === undefined ? 'lives' : 'died') },
  {
    title: 'left behind',
    width: 13,
    rule: 'nothing left',
    left: true,
    of: ({ death, left }) => describeLeft(left).join(', ') || (death === undefined ? 'nothing' : '–'),
  },
];

/** One fault, a row for each stack. */
export function table(reports: readonly FaultReport[], colour: boolean): string {
  const [first] = reports;
  if (first === undefined) return '';
  const { fault, seconds, rate } = first;
  const columns = [...(fault === 'abandoned' ? leaving : lasting), ...both];
  const heading = `${fault}: ${faults[fault]}`;
  const load = fault === 'abandoned' ? '' : ` (${String(seconds)} s, ${String(rate)} reads a second)`;
  const lines = [`${heading}${load}`, '', `    ${'stack'.padEnd(10)}${titles(columns)}`];
  for (const report of reports) {
    const broken = brokenRules(report);
    const paint = (text: string, bad: boolean) => (colour ? styleText(bad ? 'red' : 'green', text) : text);
    const mark = paint(broken.size === 0 ? '✓' : '✗', broken.size > 0);
    lines.push(`  ${mark} ${report.stack.padEnd(10)}${row(columns, report, broken, colour)}`.trimEnd());
  }
  for (const report of reports) lines.push(...circuitTable(report, colour));
  return `${lines.join('\n')}\n`;
}

/** Under one stack, what each cycle of faults left in the heap. */
export function heapTable(reports: readonly HeapReport[], mostGrowth: number): string {
  const cycles = reports[0]?.heap ?? [];
  const lines = [
    `heap after each cycle of faults, MB; from cycle 2 to ${String(cycles.length)} it may grow by ${megabytes(mostGrowth)}`,
    '',
    `    ${'stack'.padEnd(10)}${cycles.map((_, index) => `cycle ${String(index + 1)}`.padStart(10)).join('')}${'growth'.padStart(10)}`,
  ];
  for (const { stack, heap, growth } of reports) {
    const cells = [...heap, growth].map((bytes) => megabytes(bytes).padStart(10)).join('');
    lines.push(`  ${growth <= mostGrowth ? '✓' : '✗'} ${stack.padEnd(10)}${cells}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What the rows of the tables stand for. */
export function legend(names: readonly StackName[]): string {
  const lines = names.map((name) => `  ${name.padEnd(10)} ${stacks[name]}`);
  return `${lines.join('\n')}\n`;
}

function recovered({ recovered: { reads, ok } }: FaultReport): string {
  return `${((100 * ok) / reads).toFixed(1)} %`;
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
