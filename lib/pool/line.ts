import type pg from 'pg';
import { destroySocket } from './guarded-client.js';
import type { GuardedClient } from './guarded-client.js';
import { retire } from './retire.js';

export type Dial = (signal: AbortSignal) => Promise<GuardedClient>;

/** A connection to ask on: opened by the first question, and anew by the next one after it was lost or dropped. */
export class Line {
  readonly #dial: Dial;
  #client: GuardedClient | undefined;
  #sockets = 0;

  constructor(dial: Dial) {
    this.#dial = dial;
  }

  /** A connection is at hand. */
  get isHeld(): boolean {
    return this.#client !== undefined && this.#client.lost === undefined;
  }

  get isOpen(): boolean {
    return this.#sockets > 0;
  }

  async connection(signal: AbortSignal, patienceMs?: number): Promise<GuardedClient> {
    if (this.#client?.lost !== undefined) this.drop();
    if (this.#client !== undefined) return this.#client;
    const patience = patienceMs === undefined ? [] : [AbortSignal.timeout(patienceMs)];
    const client = await this.#dial(AbortSignal.any([...patience, signal]));
    this.#sockets += 1;
    client.once('end', () => (this.#sockets -= 1));
    this.#client = client;
    return client;
  }

  drop(): void {
    if (this.#client !== undefined) destroySocket(this.#client);
    this.#client = undefined;
  }

  /** It is clean, and needed no more. */
  close(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) retire(client);
  }
}

/**
 * @param patienceMs undefined: the signal alone ends it
 * @throws where there is no answer in time, or none is wanted any more: the connection is then good for nothing
 */
export async function ask(
  client: GuardedClient,
  signal: AbortSignal,
  patienceMs: number | undefined,
  text: string,
  values?: unknown[],
): Promise<pg.QueryResult> {
  let onAbort = (): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new Error('The question was not answered in time'));
  });
  const timer = patienceMs === undefined ? undefined : setTimeout(onAbort, patienceMs);
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    return await Promise.race([client.query(text, values), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
