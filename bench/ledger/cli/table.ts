import { styleText } from 'node:util';
import type { Verdict } from '../checker.js';
import { brokenRules, type Rule } from '../rules.js';
import { count, type SeedReport } from '../run-seed.js';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly rules?: readonly Rule[];
  readonly of: (verdict: Verdict) => string;
}

const columns: readonly Column[] = [
  { title: 'transfers', width: 10, of: ({ transfers }) => grouped(transfers) },
  { title: 'stored', width: 9, rules: ['works'], of: ({ stored }) => grouped(stored) },
  { title: 'failed', width: 8, of: ({ failed }) => grouped(failed) },
  { title: 'missing', width: 8, rules: ['none missing'], of: ({ missing }) => grouped(missing.length) },
  { title: 'twice', width: 6, rules: ['none twice', 'as asked'], of: ({ duplicated }) => grouped(duplicated.length) },
  { title: 'denied', width: 7, rules: ['failed is failed'], of: (verdict) => grouped(verdict.failedButStored.length) },
  { title: 'unknown', width: 13, of: ({ unknown }) => unknownOf(unknown) },
  { title: 'needless', width: 9, rules: ['unknown only where it must'], of: ({ unknown }) => needlessOf(unknown) },
  { title: 'off', width: 8, rules: ['sum', 'whole transfers'], of: (verdict) => offOf(verdict) },
  { title: 'hung', width: 6, rules: ['none hangs'], of: ({ hung }) => grouped(hung.length) },
  { title: 'late', width: 6, rules: ['in time'], of: ({ late }) => grouped(late.length) },
  { title: 'latest', width: 10, rules: ['in time'], of: ({ latestMs }) => `${grouped(Math.round(latestMs))} ms` },
];
const seedWidth = 10;

export function heading(): string {
  return `    ${'seed'.padStart(seedWidth)}${columns.map(({ title, width }) => title.padStart(width)).join('')}`;
}

/** A line for one seed, and one for each rule that it has broken. */
export function line({ seed, verdict }: SeedReport, colour: boolean): string {
  const broken = brokenRules(verdict);
  const paint = (text: string, bad: boolean) => (colour && bad ? styleText('red', text) : text);
  const cells = columns.map(({ width, rules = [], of }) =>
    paint(
      of(verdict).padStart(width),
      rules.some((rule) => broken.has(rule)),
    ),
  );
  const mark = paint(broken.size === 0 ? '✓' : '✗', broken.size > 0);
  const why = [...broken.values()].map((what) => `\n      ${what}`).join('');
  return `  ${mark} ${String(seed).padStart(seedWidth)}${cells.join('')}${why}`;
}

/** All seeds together: the sums, the faults they came through, and why outcomes stayed unknown. */
export function summary(reports: readonly SeedReport[]): string {
  const all = reports.map(({ verdict }) => verdict);
  const together = columns.map(({ width, of }) => of(added(all)).padStart(width)).join('');
  const unknown = all.flatMap((verdict) => verdict.unknown);
  const faults = counted(reports.flatMap((report) => report.faults.map(({ fault }) => fault)));
  const reasons = counted(unknown.map(({ reason, under }) => `${reason} (${under.join(' + ') || 'no fault'})`));
  const failures = counted(
    reports.flatMap((report) =>
      Object.entries(report.failures).flatMap(([reason, times]) => Array<string>(times).fill(reason)),
    ),
  );
  const replays = reports.reduce((sum, report) => sum + report.replays, 0);
  const delay = Math.max(...reports.map(({ worstDelayMs }) => worstDelayMs));
  return `    ${'together'.padStart(seedWidth)}${together}

  faults   ${faults}
  unknown  ${reasons || 'none'}
  failed   ${failures || 'none'}
  replays  ${grouped(replays)}
  this command itself began up to ${delay.toFixed(0)} ms late
`;
}

function added(verdicts: readonly Verdict[]): Verdict {
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, verdict) => total + of(verdict), 0);
  return {
    transfers: sum(({ transfers }) => transfers),
    stored: sum(({ stored }) => stored),
    failed: sum(({ failed }) => failed),
    missing: verdicts.flatMap(({ missing }) => missing),
    duplicated: verdicts.flatMap(({ duplicated }) => duplicated),
    failedButStored: verdicts.flatMap(({ failedButStored }) => failedButStored),
    strange: verdicts.flatMap(({ strange }) => strange),
    sumOff: sum(({ sumOff }) => Math.abs(sumOff)),
    accountsOff: verdicts.flatMap(({ accountsOff }) => accountsOff),
    unknown: verdicts.flatMap(({ unknown }) => unknown),
    hung: verdicts.flatMap(({ hung }) => hung),
    late: verdicts.flatMap(({ late }) => late),
    latestMs: Math.max(...verdicts.map(({ latestMs }) => latestMs)),
  };
}

function unknownOf(unknown: Verdict['unknown']): string {
  const stored = unknown.filter((each) => each.stored).length;
  return unknown.length === 0 ? '0' : `${grouped(unknown.length)} (${grouped(stored)})`;
}

function needlessOf(unknown: Verdict['unknown']): string {
  return grouped(unknown.filter(({ excused }) => !excused).length);
}

function offOf({ sumOff, accountsOff }: Verdict): string {
  return sumOff === 0 && accountsOff.length === 0 ? '0' : `${grouped(sumOff)}; ${grouped(accountsOff.length)}`;
}

function counted(names: readonly string[]): string {
  return Object.entries(count(names))
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${grouped(times)} × ${name}`)
    .join(', ');
}

function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ' ');
}
