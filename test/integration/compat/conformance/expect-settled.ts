import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';

/** Checks whether a promise is settled: soon, with patience for a busy machine; or not at all, for half a second. */
export async function expectSettled(work: PromiseLike<unknown>, expected: boolean): Promise<void> {
  const settled = work.then(
    () => true,
    () => true,
  );
  const timer = new AbortController();
  const tooLate = sleep(expected ? 5000 : 500, false, { signal: timer.signal }).catch(() => false);
  expect(await Promise.race([settled, tooLate]), 'settled').to.equal(expected);
  timer.abort();
}
