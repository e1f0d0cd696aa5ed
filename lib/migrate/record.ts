import type { HistoryRow } from './history.js';

/** What the history says of one version. */
export interface Recorded {
  readonly version: number;
  readonly state: 'applied' | 'reverted' | 'unfinished';
  /** The row that says so. */
  readonly row: HistoryRow;
}

/** By version; what was applied and reverted again is `reverted`. */
export function recordsOf(rows: readonly HistoryRow[]): Map<number, Recorded> {
  const records = new Map<number, Recorded>();
  for (const row of rows) {
    const ended = row.direction === 'up' ? 'applied' : 'reverted';
    records.set(row.version, {
      version: row.version,
      state: row.outcome === 'unfinished' ? 'unfinished' : ended,
      row,
    });
  }
  return records;
}
