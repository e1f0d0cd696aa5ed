import { writeFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import { ProgressLine } from '../../faults/cli/progress.js';
import { fleet } from '../fleet/fleet.js';
import { flapping } from '../flapping/flapping.js';
import { parts, type PartName } from '../names.js';
import { outage } from '../outage/outage.js';
import type { OnProgress, PartReport } from '../part-report.js';
import { recovery } from '../recovery/recovery.js';
import { plural } from './columns.js';
import type { CircuitReportOptions } from './options.js';

const roundSeconds = 7;
const partSeconds = { recovery: 0, flapping: 110, fleet: 10, outage: 12 } as const;

/** @returns whether every rule was kept. */
export async function runCircuit(options: CircuitReportOptions): Promise<boolean> {
  const rounds = options.parts.includes('recovery') ? options.faults.length * options.rounds : 0;
  const inAll = options.parts.reduce((total, part) => total + partSeconds[part], rounds * roundSeconds);
  console.log(`${plural(options.parts.length, 'part')}, about ${String(Math.ceil(inAll / 60))} min\n`);
  const reports: { part: PartName; figures: unknown; broken: readonly string[] }[] = [];
  for (const part of options.parts) {
    const seed = part === 'fleet' ? `, seed ${String(options.seed)}` : '';
    console.log(`${part}: ${parts[part]}${seed}\n`);
    const { text, figures, broken } = await runOne(part, options);
    reports.push({ part, figures, broken });
    console.log(`${text}\n`);
  }
  if (options.json !== undefined) await writeJson(options, options.json, reports);
  const broken = reports.flatMap((report) => report.broken);
  for (const rule of broken) console.log(`  ${process.stdout.isTTY ? styleText('red', '✗') : '✗'} ${rule}`);
  console.log(broken.length === 0 ? 'Every rule was kept.' : `${plural(broken.length, 'rule')} broken.`);
  return broken.length === 0;
}

async function runOne(part: PartName, options: CircuitReportOptions): Promise<PartReport> {
  const progress = new ProgressLine();
  const onProgress = (doing: string) => progress.update(`${part}: ${doing}`);
  try {
    return await begin(part, options, onProgress);
  } catch (error) {
    throw new Error(`${part}: ${(error as Error).message}`, { cause: error });
  } finally {
    progress.clear();
  }
}

function begin(part: PartName, options: CircuitReportOptions, onProgress: OnProgress): Promise<PartReport> {
  switch (part) {
    case 'recovery':
      return recovery(options.faults, options.rounds, onProgress);
    case 'flapping':
      return flapping(onProgress);
    case 'fleet':
      return fleet(options.seed, onProgress);
    case 'outage':
      return outage(options.draw, onProgress);
  }
}

async function writeJson({ rounds, seed }: CircuitReportOptions, file: string, reports: unknown): Promise<void> {
  const content = { node: process.version, platform: process.platform, rounds, seed, reports };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  console.log(`All figures are in ${file}.\n`);
}
