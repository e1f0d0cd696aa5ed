import type { Bag } from './bag.js';

const LOOK_MS = 10;

/**
 * Waits until every borrowed connection has come back, then for the sockets to close. What is still out
 * after `timeoutMs` is cancelled on the server and closed; its borrower's statements fail.
 */
export async function drain(bag: Bag, timeoutMs: number): Promise<void> {
  const until = bag.deadlines.now() + timeoutMs;
  while (bag.openSockets > 0) {
    if (bag.deadlines.now() >= until) {
      for (const entry of bag.entries) entry.destroy(new Error('The pool was closed before this client was released'));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  bag.deadlines.close();
}
