import { outsideRequests } from '../core/root-scope.js';
import { destroySocket } from './guarded-client.js';
import type { GuardedClient } from './guarded-client.js';

/** A server that does not close its side within this time will not: the link is dead or the server frozen. */
const GOODBYE_MS = 1000;

/** Ends a clean connection with pg's goodbye, and closes the socket where that brings nothing. */
export function retire(client: GuardedClient): void {
  outsideRequests(() => {
    const timer = setTimeout(() => destroySocket(client), GOODBYE_MS);
    timer.unref();
    client.end().then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    );
  });
}
