import { workloadTitles } from '../pool/names.js';
import type { MonitorMemory } from './memory.js';
import type { Rest } from './rest.js';
import { cpuLimit, heapLimitMb, isMemoryBounded, isRestCheap, restLimit } from './verdict.js';
import type { CpuVerdict } from './verdict.js';

const verdict = (isKept: boolean, judged: boolean): string => (!judged ? 'not judged' : isKept ? 'kept' : 'BROKEN');
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

export function cpuLines({ means, limitOfEach, above, isKept }: CpuVerdict, judged: boolean): string {
  const broken = above.map(
    ({ workload, mode, callers, ratios }) =>
      `  above: ${ratios.cpu.median.toFixed(3)} (${workloadTitles[workload]}, ${mode} a scope, callers: ${String(callers)})`,
  );
  return [
    'CPU a statement × unwatched, mean of the medians of all configurations',
    ...Object.entries(means).map(([name, mean]) => `  ${name.padEnd(18)}${mean.toFixed(3)}`),
    `  watched at most ${cpuLimit.toFixed(3)}, and ${limitOfEach.toFixed(3)} in each (times the control's greatest median,` +
      ` where that is above 1): ${verdict(isKept, judged)}`,
    ...(judged ? broken : []),
  ].join('\n');
}

export function restLines(rest: Rest, judged: boolean): string {
  return [
    `At rest: ${String(rest.connections)} connections, monitor, metrics and health, ${String(rest.ms / 1000)} s`,
    `  ${percent(rest.share)} of one core`,
    `  below ${percent(restLimit)}: ${verdict(isRestCheap(rest), judged)}`,
  ].join('\n');
}

export function memoryLines(memory: MonitorMemory, judged: boolean): string {
  return [
    `${memory.statements.toLocaleString('en-GB')} different statements`,
    `  leave ${memory.heapMb.toFixed(2)} MB in the monitor`,
    `  at most ${String(heapLimitMb)} MB: ${verdict(isMemoryBounded(memory), judged)}`,
  ].join('\n');
}
