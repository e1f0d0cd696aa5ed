import { startPostgres } from '../../../lib/testing/index.js';
import { columns } from '../../circuit/cli/columns.js';
import type { OnProgress, PartReport } from '../../circuit/part-report.js';
import { Kills, type Direction, type Kill } from './kills.js';

export async function kills(moments: number, seed: number, onProgress: OnProgress): Promise<PartReport> {
  await using server = await startPostgres();
  await using all = await Kills.prepare(server);
  let done = 0;
  const onKill = () => onProgress(`${String(++done)} killed`);
  const atBoundaries = await all.atBoundaries(onKill);
  const atMoments = await all.atMoments(moments, seed, onKill);
  const text = columns([
    ['killed', 'processes', 'before its end', 'finished by the next run', 'status told the truth'],
    ...(['up', 'down'] as const).flatMap((direction) => [
      row(`${direction}, at each event`, atBoundaries, direction),
      row(`${direction}, at a moment`, atMoments, direction),
    ]),
  ]);
  const broken = [...atBoundaries, ...atMoments].flatMap(({ direction, at, wrong }) =>
    wrong.map((what) => `kills, ${direction}, ${at}: ${what}`),
  );
  return { text, figures: { seed, atBoundaries, atMoments }, broken };
}

function row(what: string, kills: readonly Kill[], direction: Direction): string[] {
  const ours = kills.filter((kill) => kill.direction === direction);
  const isLie = (text: string) => text.startsWith('status says');
  const count = (is: (kill: Kill) => boolean) => String(ours.filter(is).length);
  return [
    what,
    String(ours.length),
    count(({ early }) => !early),
    count(({ wrong }) => wrong.every(isLie)),
    count(({ wrong }) => !wrong.some(isLie)),
  ];
}
