import type { Row } from './comparison.js';
import type { Statements, Transactions } from './contests.js';
import type { Cost } from './cost.js';
import { modes, workloadTitles } from './names.js';
import type { CandidateName } from './names.js';
import type { Spread } from './statistics.js';
import { roundTrips } from './transfer.js';
import { circuitLimitNanos, cpuLimits, isCircuitCheap, transactionShares } from './verdict.js';
import type { Verdict } from './verdict.js';
import { verifyCosts } from './verify-cost.js';

const ratio = (value: number): string => value.toFixed(3);
const grouped = (value: number): string => Math.round(value).toLocaleString('en-GB');
const withQuartiles = ({ median, low, high }: Spread): string => `${ratio(median)}  ${ratio(low)} – ${ratio(high)}`;

/** @param base what the ratios are to */
export function tables(rows: readonly Row[], base: CandidateName = 'bare'): string {
  const out: string[] = [];
  for (const [workload, title] of Object.entries(workloadTitles)) {
    for (const mode of modes) {
      const chosen = rows.filter((row) => row.workload === workload && row.mode === mode);
      if (chosen.length > 0) out.push(table(`${title}, ${mode} a scope`, chosen, base));
    }
  }
  return out.join('\n\n');
}

function table(title: string, rows: readonly Row[], base: CandidateName): string {
  const width = Math.max(...rows.map(({ candidate }) => candidate.length));
  const against = `× ${base}`;
  const lines = [
    title,
    `  callers  ${'candidate'.padEnd(width)}   per second  ${`${against} (quartiles)`.padEnd(25)}CPU µs  ${`${against} (quartiles)`.padEnd(27)}bytes  ${against}`,
  ];
  let callers: number | undefined;
  for (const row of rows) {
    const { throughput, cpu, bytes } = row.ratios;
    const isBase = row.candidate === base;
    if (callers !== undefined && callers !== row.callers) lines.push('');
    lines.push(
      [
        '  ' + (callers === row.callers ? '' : String(row.callers)).padStart(7),
        row.candidate.padEnd(width),
        grouped(row.perSecond).padStart(11),
        (isBase ? '' : withQuartiles(throughput)).padEnd(20),
        row.cpuMicros.toFixed(1).padStart(9),
        (isBase ? '' : withQuartiles(cpu)).padEnd(20),
        grouped(row.bytes).padStart(10),
        isBase ? '' : ratio(bytes.median),
      ]
        .join('  ')
        .trimEnd(),
    );
    callers = row.callers;
  }
  return lines.join('\n');
}

export function scopeLines({ ours, plain }: Statements['scopes']): string {
  const lines = [costLine('runWithDeadline', ours), costLine('AsyncLocalStorage.run', plain)];
  return ['One scope with nothing in it', ...lines].join('\n');
}

export function circuitLines(cost: Cost, judged: boolean): string {
  const verdict = isCircuitCheap(cost) ? 'kept' : 'BROKEN';
  return [
    'The circuit, closed, in one statement',
    costLine('entered and left', cost),
    `  at most ${String(circuitLimitNanos)} ns: ${judged ? verdict : 'not judged'}`,
  ].join('\n');
}

function costLine(name: string, { nanos, bytes }: Cost): string {
  return `  ${name.padEnd(24)}${grouped(nanos).padStart(7)} ns${grouped(bytes).padStart(7)} bytes`;
}

/** @param durability what COMMIT waits for */
export function transactionLines({ series, roundTripMicros }: Transactions, durability: string): string {
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${grouped(Math.abs(value))}`;
  const lines = [
    `One transaction is ${String(roundTrips)} round trips, each ${grouped(roundTripMicros)} µs at least (${workloadTitles.select}, bare, 1 caller)`,
    `  COMMIT: ${durability}`,
    'What verifyCommit adds to a transaction: one round trip',
    `         callers    waited µs (quartiles)     CPU µs   × throughput (quartiles)`,
  ];
  for (const { mode, callers, micros, cpuMicros, throughput } of verifyCosts(series)) {
    const waited = `${signed(micros.median)}  ${signed(micros.low)} – ${signed(micros.high)}`;
    lines.push(
      [
        `  ${mode.padEnd(7)}`,
        String(callers).padStart(6),
        '  ' + waited.padEnd(24),
        signed(cpuMicros.median).padStart(6),
        '  ' + withQuartiles(throughput),
      ].join(' '),
    );
  }
  return lines.join('\n');
}

export function statementGates({ throughputLimits }: Verdict): string {
  return (
    `CPU × bare: at most ${ratio(cpuLimits.outside)} outside, ${ratio(cpuLimits.inside)} inside;` +
    ` throughput × bare: at least ${ratio(throughputLimits.outside)} (the control's lowest median less 3 %)`
  );
}

export function transactionGate({ throughputLimits }: Verdict): string {
  return (
    `throughput × bare without verifyCommit: at least ${ratio(throughputLimits.outside)} outside,` +
    ` ${ratio(throughputLimits.inside)} inside (${String(transactionShares.outside)} and ${String(transactionShares.inside)}` +
    " × the control's lowest median, or × 1 where that is more)"
  );
}

/** @param gates in words */
export function verdictLines({ control, breaches }: Verdict, gates: string, judged: boolean): string {
  const range = ([least, greatest]: readonly [number, number]): string => `${ratio(least)} to ${ratio(greatest)}`;
  const lines = [
    'Control (bare against bare)',
    `  medians of throughput ${range(control.throughput)}, of CPU ${range(control.cpu)};` +
      ` the lowest single round ${ratio(control.worstRound)}`,
    'Gates',
    `  ${gates}`,
  ];
  if (!judged) lines.push('  not judged: --quick has too few rounds');
  else if (breaches.length === 0) lines.push('  kept, everywhere');
  else {
    for (const { row, figure, ratio: received, limit } of breaches) {
      const where = `${workloadTitles[row.workload]}, ${row.mode} a scope, callers: ${String(row.callers)}`;
      lines.push(`  BROKEN: ${figure} ${ratio(received)}, limit ${ratio(limit)} (${where})`);
    }
  }
  return lines.join('\n');
}
