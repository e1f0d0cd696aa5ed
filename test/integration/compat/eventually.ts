import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats a check until it passes; after `withinMs` its last failure is thrown. */
export async function eventually(check: () => unknown, withinMs = 5000): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() >= until) throw error;
    }
    await sleep(10);
  }
}
