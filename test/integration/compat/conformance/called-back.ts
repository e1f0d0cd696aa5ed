import type pg from 'pg';

export type Callback = (error: Error, result: pg.QueryResult) => void;

/** What a call that takes a callback returned, and what it called back with. */
export function calledBack(
  call: (done: Callback) => unknown,
): Promise<{ returned: unknown; error: Error | null | undefined; result: pg.QueryResult | undefined }> {
  return new Promise((resolve) => {
    const returned = call((error, result) => {
      process.nextTick(() => resolve({ returned, error, result }));
    });
  });
}
