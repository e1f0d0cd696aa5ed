import { startPostgres } from '../../../lib/testing/index.js';
import { columns, ms, seconds } from '../../circuit/cli/columns.js';
import { limits, plainReaderMs, readerMs } from '../names.js';
import type { OnProgress, PartReport } from '../../circuit/part-report.js';
import { addColumnBesideReaders, type Readers } from './add-column.js';

export async function readers(onProgress: OnProgress): Promise<PartReport> {
  await using server = await startPostgres();
  onProgress(`up, beside a reader of ${seconds(readerMs)}`);
  const up = await addColumnBesideReaders(server, readerMs, 'up');
  onProgress(`the statement by itself, beside a reader of ${seconds(plainReaderMs)}`);
  const plain = await addColumnBesideReaders(server, plainReaderMs, 'plain');
  const text = columns([
    ['', 'long reader', 'reads beside it', 'longest stall', 'begun', 'the column came after'],
    row('up', up),
    row('plain SQL, no lock_timeout', plain),
  ]);
  const broken: string[] = [];
  if (up.longestMs > limits.stalledMs) {
    broken.push(`readers: stalled for ${ms(up.longestMs)}; at most ${ms(limits.stalledMs)}`);
  }
  if (plain.longestMs < limits.stalledMs) broken.push('readers: plain SQL stalled nobody, so this would see no stall');
  return { text, figures: { up, plain }, broken };
}

function row(what: string, { heldMs, reads, longestMs, attempts, migratedMs }: Readers): string[] {
  const begun = `${String(attempts)} ×`;
  return [what, seconds(heldMs), String(reads), ms(longestMs), begun, seconds(migratedMs)];
}
