import { writeFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import { plural } from '../../circuit/cli/columns.js';
import { ProgressLine } from '../../faults/cli/progress.js';
import { kills } from '../kills/report.js';
import { parts, type PartName } from '../names.js';
import type { OnProgress, PartReport } from '../../circuit/part-report.js';
import { readers } from '../readers/readers.js';
import { starts } from '../starts/starts.js';
import type { MigrationsReportOptions } from './options.js';

/** @returns whether every rule was kept. */
export async function runMigrations(options: MigrationsReportOptions): Promise<boolean> {
  const reports: { part: PartName; figures: unknown; broken: readonly string[] }[] = [];
  for (const part of options.parts) {
    const seed = part === 'kills' ? `, seed ${String(options.seed)}` : '';
    console.log(`${part}: ${parts[part]}${seed}\n`);
    const { text, figures, broken } = await runOne(part, options);
    reports.push({ part, figures, broken });
    console.log(`${text}\n`);
  }
  if (options.json !== undefined) {
    const { runs, seed } = options;
    const content = { node: process.version, platform: process.platform, runs, seed, reports };
    await writeFile(options.json, `${JSON.stringify(content, null, 2)}\n`);
    console.log(`All figures are in ${options.json}.\n`);
  }
  const broken = reports.flatMap((report) => report.broken);
  for (const rule of broken) console.log(`  ${process.stdout.isTTY ? styleText('red', '✗') : '✗'} ${rule}`);
  console.log(broken.length === 0 ? 'Every rule was kept.' : `${plural(broken.length, 'rule')} broken.`);
  return broken.length === 0;
}

async function runOne(part: PartName, options: MigrationsReportOptions): Promise<PartReport> {
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

function begin(part: PartName, { runs, seed }: MigrationsReportOptions, onProgress: OnProgress): Promise<PartReport> {
  switch (part) {
    case 'starts':
      return starts(runs, onProgress);
    case 'readers':
      return readers(onProgress);
    case 'kills':
      return kills(runs, seed, onProgress);
  }
}
