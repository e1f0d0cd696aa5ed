import { writeFile } from 'node:fs/promises';
import { quantile } from '../../pool/statistics.js';
import { columns, ms } from '../cli/columns.js';
import { limits } from '../names.js';
import type { OnProgress, PartReport } from '../part-report.js';
import { draw } from './draw.js';
import { record, type Recorded } from './record.js';

/** @param file where it is drawn, if it is */
export async function outage(file: string | undefined, onProgress: OnProgress): Promise<PartReport> {
  const recorded = await record(onProgress);
  if (file !== undefined) await writeFile(file, draw(recorded));
  const drawn = file === undefined ? '' : `\n\n  drawn in ${file}`;
  return { text: table(recorded) + drawn, figures: recorded, broken: brokenRules(recorded) };
}

const kinds = { ok: 'answered', failed: 'connection lost', refused: 'refused by the circuit' } as const;

function table({ answers, probes, changes, acceptsMs, closedMs }: Recorded): string {
  const rows = Object.entries(kinds).map(([kind, name]) => {
    const took = answers.filter((answer) => answer.kind === kind).map((answer) => answer.ms);
    if (took.length === 0) return [name, '0', '–', '–'];
    return [name, String(took.length), ms(quantile(took, 0.5), 2), ms(quantile(took, 1), 2)];
  });
  const openedMs = changes.find(({ to }) => to === 'open')?.at ?? NaN;
  const course = [
    `open ${ms(openedMs)} after the server was killed`,
    `${String(probes.length)} probes`,
    `closed ${ms(closedMs - acceptsMs)} after it accepted connections`,
  ];
  return `${columns([['answers', 'number', 'median', 'worst'], ...rows])}\n\n  ${course.join(', ')}`;
}

function brokenRules({ acceptsMs, closedMs, sentWhileOpen }: Recorded): string[] {
  const broken: string[] = [];
  if (closedMs - acceptsMs >= limits.closedWorstMs) broken.push(`outage: closed after ${ms(closedMs - acceptsMs)}`);
  if (sentWhileOpen > 0)
    broken.push(`outage: ${String(sentWhileOpen)} statements were sent while the circuit was open`);
  return broken;
}
