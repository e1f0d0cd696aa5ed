import type { Bag } from './bag.js';
import type { CommitResolver } from './commit/resolver.js';
import type { Inspection } from './inspection.js';
import type { PoolCircuit } from './pool-circuit.js';

const LOOK_MS = 10;

/**
 * Waits until every borrowed connection has come back and every lost COMMIT is explained, then for the sockets to close. What is still out
 * after `timeoutMs` is cancelled on the server and closed; its borrower's statements fail.
 */
export async function drain(
  bag: Bag,
  resolver: CommitResolver,
  guard: PoolCircuit,
  inspection: Inspection,
  timeoutMs: number,
): Promise<void> {
  const until = bag.deadlines.now() + timeoutMs;
  while (bag.openSockets > 0 || resolver.isOpen || guard.isProbing || inspection.isOpen) {
    if (bag.deadlines.now() >= until) {
      for (const entry of bag.entries) entry.destroy(new Error('The pool was closed before this client was released'));
      resolver.close();
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  resolver.close();
  bag.deadlines.close();
}
