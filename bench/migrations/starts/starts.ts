import { startPostgres } from '../../../lib/testing/index.js';
import { emptyDatabase, MigrationFolder } from '../../../test/support/migrations.js';
import { columns, plural, seconds } from '../../circuit/cli/columns.js';
import { maxConnections, processes } from '../names.js';
import type { OnProgress, PartReport } from '../../circuit/part-report.js';
import { startsSet, startsVersions } from './set.js';
import { startTogether, wrongWith } from './start-together.js';

export async function starts(runs: number, onProgress: OnProgress): Promise<PartReport> {
  await using server = await startPostgres({ maxConnections });
  await using folder = await MigrationFolder.make(startsSet);
  const took: number[] = [];
  const broken: string[] = [];
  let started = 0;
  for (let run = 1; run <= runs; run++) {
    onProgress(`run ${String(run)} of ${String(runs)}`);
    const connectionString = await emptyDatabase(server);
    const options = { directory: folder.directory };
    const together = await startTogether(processes, { connectionString, options, version: -1 });
    took.push(together.ms);
    started += together.ended.filter(({ code, told }) => code === 0 && told?.error === undefined).length;
    const wrong = await wrongWith(together, connectionString, startsVersions);
    broken.push(...wrong.map((what) => `starts, run ${String(run)}: ${what}`));
  }
  took.sort((a, b) => a - b);
  const median = took[Math.floor(took.length / 2)] ?? NaN;
  const worst = took.at(-1) ?? NaN;
  const text = columns([
    ['processes', `${String(processes)}, ${plural(runs, 'run')}`],
    ['started', `${String(started)} of ${String(processes * runs)}`],
    ['all had started after (median, worst)', `${seconds(median)}, ${seconds(worst)}`],
    ['migrations applied once', broken.length === 0 ? 'in every run' : 'NOT in every run'],
  ]);
  return { text, figures: { runs, processes, started, tookMs: took }, broken };
}
