import { setTimeout as sleep } from 'node:timers/promises';

/** Whether the promise is settled within `withinMs`. */
export async function settles(work: PromiseLike<unknown>, withinMs = 500): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, sleep(withinMs, false)]);
}
