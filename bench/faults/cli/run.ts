import { writeFile } from 'node:fs/promises';
import type { FaultReport } from '../report.js';
import { brokenRules, otherAnswers } from '../rules.js';
import { runFault } from '../run-fault.js';
import { runHeap, type HeapReport } from '../run-heap.js';
import type { FaultOptions } from './options.js';
import { ProgressLine } from './progress.js';
import { heapTable, legend, table } from './table.js';

const graceMs = 100;
/** From here on a delay of the machine itself is told. */
const heldUpMs = 50;
const mostHeapGrowth = 2 * 2 ** 20;
/** What a run takes beside the fault: starting, calm, recovery, settling. */
const besideSeconds = 8;

/** @returns whether ours kept every rule. */
export async function runFaults(options: FaultOptions): Promise<boolean> {
  const { faults, stacks, seconds } = options;
  const runs = faults.length * stacks.length;
  const lasting = faults.filter((fault) => fault !== 'abandoned').length * stacks.length;
  const minutes = Math.ceil((lasting * (seconds + besideSeconds) + (runs - lasting) * besideSeconds) / 60);
  console.log(`${plural(runs, 'run')}, about ${String(minutes)} min\n\n${legend(stacks)}`);
  const reports: FaultReport[] = [];
  for (const fault of faults) {
    const ofFault: FaultReport[] = [];
    for (const stack of stacks)
      ofFault.push(await runOne(fault, stack, options, reports.length + ofFault.length, runs));
    reports.push(...ofFault);
    console.log(table(ofFault, process.stdout.isTTY) + remarks(ofFault));
  }
  await writeJson(options, { seconds, rate: options.rate, reports: reports.map(judged) });
  const broken = reports.filter((report) => report.stack === 'ours' && brokenRules(report).size > 0);
  if (stacks.includes('ours')) {
    console.log(broken.length === 0 ? 'Ours kept every rule.' : `Ours broke rules in ${plural(broken.length, 'run')}.`);
  }
  return broken.length === 0;
}

/** @returns whether the heap of ours grew by no more than it may. */
export async function runHeaps(options: FaultOptions): Promise<boolean> {
  const { stacks, seconds, rate } = options;
  const line = new ProgressLine();
  const reports: HeapReport[] = [];
  console.log(
    `${plural(stacks.length, 'run')} of five cycles, about ${String(Math.ceil((stacks.length * 5 * (2 * seconds + 14)) / 60))} min\n`,
  );
  for (const stack of stacks) {
    line.note(`${stack} …`);
    reports.push(
      await runHeap({
        stack,
        seconds,
        rate,
        onProgress: ({ cycle, fault, phase }) => line.update(`${stack}: cycle ${String(cycle)}, ${fault}, ${phase}`),
      }),
    );
  }
  line.clear();
  console.log(heapTable(reports, mostHeapGrowth));
  await writeJson(options, { seconds, rate, mostHeapGrowth, reports });
  return reports.every(({ stack, growth }) => stack !== 'ours' || growth <= mostHeapGrowth);
}

async function runOne(
  fault: FaultReport['fault'],
  stack: FaultReport['stack'],
  { seconds, rate }: FaultOptions,
  done: number,
  runs: number,
): Promise<FaultReport> {
  const line = new ProgressLine();
  const what = `[${String(done + 1)}/${String(runs)}] ${fault}, ${stack}`;
  line.note(`${what} …`);
  line.update(`${what}: starting`);
  try {
    return await runFault({
      fault,
      stack,
      seconds,
      rate,
      graceMs,
      onProgress: ({ phase, sent, answered, ok }) => {
        const counts = `${String(sent)} sent, ${String(answered)} answered, ${String(ok)} of them 200`;
        line.update(`${what}: ${phase} · ${counts}`);
      },
    });
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  } finally {
    line.clear();
  }
}

function remarks(reports: readonly FaultReport[]): string {
  const lines = reports.flatMap((report) => {
    const { stack, death, others, worstDelayMs, worstApplicationDelayMs, worstControlMs } = report;
    return [
      ...(stack === 'ours' ? [...brokenRules(report).values()].map((what) => `  BROKEN: ${what}`) : []),
      ...(death === undefined
        ? []
        : [`  ${stack} died with ${String(death.signal ?? death.code)}: ${lastLine(death.said)}`]),
      ...(others === 0 ? [] : [`  ${stack}, other answers: ${otherAnswers(report)}`]),
      // Then the latest answer may be of the machine's making.
      ...(worstDelayMs < heldUpMs
        ? []
        : [`  ${stack}: this command itself sent up to ${worstDelayMs.toFixed(0)} ms late`]),
      ...(worstApplicationDelayMs < heldUpMs
        ? []
        : [`  ${stack}: the application was held up for ${worstApplicationDelayMs.toFixed(0)} ms`]),
      ...(worstControlMs < heldUpMs
        ? []
        : [`  ${stack}: a request without a database took up to ${worstControlMs.toFixed(0)} ms, which is taken off`]),
    ];
  });
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}

function plural(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

function lastLine(text: string): string {
  return text.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? text.split('\n').at(-1) ?? '';
}

function judged(report: FaultReport): FaultReport & { broken: string[] } {
  return { ...report, broken: [...brokenRules(report).values()] };
}

async function writeJson({ json }: FaultOptions, content: object): Promise<void> {
  if (json === undefined) return;
  const machine = { node: process.version, platform: process.platform };
  await writeFile(json, `${JSON.stringify({ ...machine, ...content }, null, 2)}\n`);
  console.log(`All figures are in ${json}.\n`);
}
