/** The parts of the report, and what each asks. */
export const parts = {
  starts: '50 processes that start at once on an empty database: do all start, and does exactly one apply',
  readers: 'a column is added to a table that somebody reads for 30 s: how long are other readers stalled',
  kills: 'kill -9 at every boundary and at random moments: does the next run finish the work',
} as const;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as PartName[];

export const processes = 50;
export const maxConnections = 300;
export const readerMs = 30_000;
/** Without a time limit for locks a shorter reader shows enough. */
export const plainReaderMs = 5000;

/** What the report holds the migrations to. */
export const limits = { stalledMs: 1000 } as const;
