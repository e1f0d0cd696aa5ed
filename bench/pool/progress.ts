import type { Progress } from './rounds.js';

/** One line that is written over on a terminal; elsewhere a line for each tenth of the work. */
export function showProgress(stream: NodeJS.WriteStream): {
  onProgress: (progress: Progress) => void;
  end: () => void;
} {
  const startedAt = performance.now();
  let tenths = -1;
  const onProgress = ({ what, done }: Progress): void => {
    const elapsedMs = performance.now() - startedAt;
    const left = done > 0.02 ? `, ${duration((elapsedMs / done) * (1 - done))} left` : '';
    const line = `${String(Math.floor(done * 100)).padStart(3)} %  ${what}${left}`;
    if (stream.isTTY) stream.write(`\r${line}\x1b[K`);
    else if (Math.floor(done * 10) > tenths) stream.write(`${line}\n`);
    tenths = Math.floor(done * 10);
  };
  return { onProgress, end: () => stream.isTTY && stream.write('\r\x1b[K') };
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${String(seconds)} s` : `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}
