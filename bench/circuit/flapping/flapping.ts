import { columns, ms, percent, seconds } from '../cli/columns.js';
import { limits } from '../names.js';
import type { OnProgress, PartReport } from '../part-report.js';
import { fallBack, type Opening } from './fall-back.js';
import { runFlapping, type FlappingFigures } from './run-flapping.js';

/** How long the circuit is closed before each opening. The last two: the longest that counts as soon, and one more. */
const pausesMs = [5000, 5000, 5000, 5000, 5000, 5000, 5000, 59_000, 60_100, 5000];

export async function flapping(onProgress: OnProgress): Promise<PartReport> {
  const runs = [await runFlapping('killed', onProgress), await runFlapping('refuse', onProgress)];
  const openings = await fallBack(pausesMs);
  return {
    text: `${columns([heading, ...runs.map(row)])}\n\n${runs.map(opened).join('\n')}\n\n${fallen(openings)}`,
    figures: { runs, fallBack: openings },
    broken: [...runs.flatMap(brokenRules), ...fallBackBroken(openings)],
  };
}

const slow = `later than ${String(limits.slowMs)} ms`;
const heading = ['2 s down, 2 s up', 'requests', 'ok', 'refused', 'failed', slow, 'p99', 'worst'];

function row(of: FlappingFigures): string[] {
  return [
    of.fault,
    String(of.requests),
    String(of.ok),
    String(of.refused),
    String(of.failed),
    `${String(of.slow)} (${percent(of.slow / of.requests)})`,
    ms(of.p99Ms),
    ms(of.worstMs),
  ];
}

function opened({ fault, openings }: FlappingFigures): string {
  const each = openings.map(({ openedForMs, leastOpenMs }) => `${seconds(openedForMs)} (${seconds(leastOpenMs)})`);
  return `  ${fault}: open for, and at least for: ${each.join(', ')}`;
}

function fallen(openings: readonly Opening[]): string {
  const rows = [
    ['on a clock that does not wait: closed for', ...openings.map(({ closedForMs }) => seconds(closedForMs))],
    ['then open at least for', ...openings.map(({ leastOpenMs }) => seconds(leastOpenMs))],
  ];
  return columns(rows);
}

function brokenRules({ fault, slow: late, requests }: FlappingFigures): string[] {
  const share = late / requests;
  if (share <= limits.slowShare) return [];
  return [`flapping, ${fault}: ${percent(share)} of the requests were ${slow}, not ${percent(limits.slowShare)}`];
}

export function fallBackBroken(openings: readonly Opening[]): string[] {
  return openings.slice(1).flatMap(({ closedForMs, leastOpenMs }) => {
    const isSoon = closedForMs <= 60_000;
    if (isSoon === leastOpenMs > 0) return [];
    return [`flapping: closed for ${seconds(closedForMs)}, then open for at least ${seconds(leastOpenMs)}`];
  });
}
