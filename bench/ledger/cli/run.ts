import { writeFile } from 'node:fs/promises';
import { ProgressLine } from '../../faults/cli/progress.js';
import { brokenRules } from '../rules.js';
import { runSeed, type SeedReport } from '../run-seed.js';
import { subjects } from '../subjects/index.js';
import type { LedgerOptions } from './options.js';
import { heading, line, summary } from './table.js';

const graceMs = 500;
/** What a seed takes beside its transfers: servers, the last answers, the look. */
const besideSeconds = 4;

/** @returns whether every seed kept every rule. */
export async function runLedger(options: LedgerOptions): Promise<boolean> {
  const { seeds, seconds, rate, subject, json } = options;
  const minutes = Math.ceil((seeds.length * (seconds + besideSeconds)) / 60);
  console.log(`${subject}: ${subjects[subject]}`);
  console.log(`${plural(seeds.length, 'seed')}, ${String(rate)} transfers a second, about ${String(minutes)} min\n`);
  console.log(heading());
  const reports: SeedReport[] = [];
  for (const seed of seeds) {
    const report = await runOne(seed, reports.length, options);
    reports.push(report);
    console.log(line(report, process.stdout.isTTY));
  }
  console.log(summary(reports));
  if (json !== undefined) {
    const judged = reports.map((report) => ({ ...report, broken: [...brokenRules(report.verdict).values()] }));
    const content = { node: process.version, platform: process.platform, reports: judged };
    await writeFile(json, `${JSON.stringify(content, null, 2)}\n`);
    console.log(`All figures are in ${json}.\n`);
  }
  const broken = reports.filter(({ verdict }) => brokenRules(verdict).size > 0);
  if (broken.length === 0) console.log('Every rule was kept.');
  else {
    const again = broken.map(({ seed }) => String(seed)).join(',');
    console.log(`Rules were broken under ${plural(broken.length, 'seed')}. Again: --seed ${again}`);
  }
  return broken.length === 0;
}

async function runOne(seed: number, done: number, options: LedgerOptions): Promise<SeedReport> {
  const progress = new ProgressLine();
  const what = `[${String(done + 1)}/${String(options.seeds.length)}] seed ${String(seed)}`;
  progress.update(`${what}: starting`);
  try {
    return await runSeed({
      ...options,
      seed,
      graceMs,
      onProgress: ({ phase, begun, answered, stored }) => {
        const counts = `${String(begun)} begun, ${String(answered)} answered, ${String(stored)} stored`;
        progress.update(`${what}: ${phase} · ${counts}`);
      },
    });
  } finally {
    progress.clear();
  }
}

function plural(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}
