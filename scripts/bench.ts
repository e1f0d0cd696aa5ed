import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { startPostgres } from '../lib/testing/index.js';
import { cpuLines, memoryLines, restLines } from '../bench/monitor/lines.js';
import { monitorMemory } from '../bench/monitor/memory.js';
import { measureRest } from '../bench/monitor/rest.js';
import { isMemoryBounded, isRestCheap, judgeCpu } from '../bench/monitor/verdict.js';
import { parseArguments, usage } from '../bench/pool/arguments.js';
import type { BenchOptions } from '../bench/pool/arguments.js';
import { poolSize } from '../bench/pool/candidates.js';
import { compare } from '../bench/pool/comparison.js';
import { compareStatements, compareTransactions, compareWatchers } from '../bench/pool/contests.js';
import type { ContestPlan } from '../bench/pool/contests.js';
import { candidates, modes } from '../bench/pool/names.js';
import { measureParts } from '../bench/pool/parts/measure.js';
import { partsTable } from '../bench/pool/parts/table.js';
import { showProgress } from '../bench/pool/progress.js';
import {
  circuitLines,
  scopeLines,
  statementGates,
  tables,
  transactionGate,
  transactionLines,
  verdictLines,
} from '../bench/pool/tables.js';
import { isCircuitCheap, judge, judgeTransactions } from '../bench/pool/verdict.js';
import { prepareDatabase } from '../bench/pool/workloads.js';

interface Outcome {
  /** Every gate. */
  readonly kept: boolean;
  /** For --json. */
  readonly figures: object;
}

async function bench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const connections = candidates.length * modes.length * poolSize + 1;
  await using server =
    options.connectionString === undefined ? await startPostgres({ maxConnections: connections + 20 }) : undefined;
  const connectionString = options.connectionString ?? server?.connectionString ?? '';
  signal.throwIfAborted();
  await using database = await prepareDatabase(connectionString, connections);
  const machine = {
    node: process.version,
    postgres: database.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    load: loadavg()[0] ?? 0,
  };
  console.log(
    `Node ${machine.node}, PostgreSQL ${machine.postgres}, ${String(machine.cores)} cores, ` +
      `${String(options.rounds)} rounds of ${String(options.sliceMs)} ms`,
  );
  if (machine.load > machine.cores / 4) {
    console.log(`Others are working on this machine (load ${machine.load.toFixed(1)}): expect more scatter`);
  }
  const { rounds, sliceMs, quick } = options;
  const plan = { rounds, sliceMs, connectionString, signal };
  const statements =
    options.statements.workloads.length === 0
      ? undefined
      : await runStatements({ ...plan, ...options.statements }, quick);
  const transactions =
    options.transactions.workloads.length === 0
      ? undefined
      : await runTransactions({ ...plan, ...options.transactions }, database.durability, quick);
  const monitor =
    options.monitor.workloads.length === 0 ? undefined : await runMonitor({ ...plan, ...options.monitor }, quick);
  if (options.json !== undefined) {
    const figures = {
      ...{ machine, rounds, sliceMs },
      ...{ statements: statements?.figures, transactions: transactions?.figures, monitor: monitor?.figures },
    };
    await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  const kept = [statements, transactions, monitor].every((outcome) => outcome?.kept ?? true);
  if (!quick && !kept) process.exitCode = 1;
}

async function runStatements(plan: Omit<ContestPlan, 'onProgress'>, quick: boolean): Promise<Outcome> {
  const { onProgress, end } = showProgress(process.stderr);
  const { series, scopes, circuit } = await compareStatements({ ...plan, onProgress }).finally(end);
  const rows = compare(series);
  const verdict = judge(rows);
  show(
    tables(rows),
    scopeLines(scopes),
    circuitLines(circuit, !quick),
    verdictLines(verdict, statementGates(verdict), !quick),
  );
  const kept = verdict.breaches.length === 0 && isCircuitCheap(circuit);
  return { kept, figures: { rows, scopes, circuit, verdict, series } };
}

async function runTransactions(
  plan: Omit<ContestPlan, 'onProgress'>,
  durability: string,
  quick: boolean,
): Promise<Outcome> {
  const { onProgress, end } = showProgress(process.stderr);
  const measured = await compareTransactions({ ...plan, onProgress }).finally(end);
  const { series, roundTripMicros } = measured;
  const rows = compare(series);
  const verdict = judgeTransactions(rows);
  show(tables(rows), transactionLines(measured, durability), verdictLines(verdict, transactionGate(verdict), !quick));
  return { kept: verdict.breaches.length === 0, figures: { durability, roundTripMicros, rows, verdict, series } };
}

async function runMonitor(plan: Omit<ContestPlan, 'onProgress'>, quick: boolean): Promise<Outcome> {
  const { onProgress, end } = showProgress(process.stderr);
  const series = await compareWatchers({ ...plan, onProgress }).finally(end);
  const rows = compare(series, 'unwatched');
  const cpu = judgeCpu(rows);
  show(tables(rows, 'unwatched'), cpuLines(cpu, !quick));
  const rest = await measureRest(plan.connectionString, plan.signal);
  const memory = await monitorMemory();
  show(restLines(rest, !quick), memoryLines(memory, !quick));
  const kept = cpu.isKept && isRestCheap(rest) && isMemoryBounded(memory);
  return { kept, figures: { rows, cpu, rest, memory, series } };
}

function show(...parts: string[]): void {
  console.log(`\n${parts.join('\n\n')}`);
}

async function parts({ rounds, json }: BenchOptions, signal: AbortSignal): Promise<void> {
  console.log(`Node ${process.version}, ${String(rounds)} rounds\n`);
  const { onProgress, end } = showProgress(process.stderr);
  const costs = await measureParts({ rounds, signal, onProgress }).finally(end);
  console.log(partsTable(costs));
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ node: process.version, costs }, null, 2)}\n`);
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error(`Ended by ${signal}`)));
}
try {
  const options = parseArguments(process.argv.slice(2), process.env);
  if (options.help) console.log(usage);
  else if (options.parts) await parts(options, interrupted.signal);
  else await bench(options, interrupted.signal);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = interrupted.signal.aborted ? 130 : 2;
}
