import { createInterface } from 'node:readline';
import { removeRemains } from './cluster-remains.js';
import type { Notice } from './guard.js';

const guarded = new Map<string, number | undefined>();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const notice = JSON.parse(line) as Notice;
    if ('gone' in notice) guarded.delete(notice.folder);
    else guarded.set(notice.folder, notice.pid ?? undefined);
  })
  .on('close', () => {
    for (const [folder, pid] of guarded) removeRemains(folder, pid);
  });
