import { sqlstate } from '../errors/classify.js';
import type { GuardedClient } from './guarded-client.js';
import { dial } from './dial.js';
import { clientConfig } from './options/index.js';
import { longestMs } from './options/rules.js';
import type { ResolvedPoolOptions } from './options/index.js';

/**
 * Opens the pool's connections with the server's own time-outs a little above ours, for the day when this
 * process cannot cancel any more. A pooler may refuse such startup parameters (then the pool goes without)
 * or swallow them (then nothing may be set on its shared connections either), so the first connection is asked.
 */
export class Dialer {
  readonly #options: ResolvedPoolOptions;
  readonly #onBackstop: (ms: number) => void;
  #backstops: 'untried' | 'taken' | 'refused';

  constructor(options: ResolvedPoolOptions, onBackstop: (ms: number) => void) {
    this.#options = options;
    this.#onBackstop = onBackstop;
    this.#backstops = Object.keys(options.backstops).length === 0 ? 'refused' : 'untried';
  }

  /** Waits a little longer than its caller, who is then told of the pool and not of one socket. */
  dial(signal: AbortSignal): Promise<GuardedClient> {
    const { mode, byHand, acquireTimeoutMs } = this.#options;
    const isObserved = mode === 'observe' && !byHand.acquireTimeout;
    return this.#dial(signal, isObserved ? undefined : Math.min(acquireTimeoutMs + 100, longestMs));
  }

  /** For one who keeps the time himself. */
  dialUntil(signal: AbortSignal): Promise<GuardedClient> {
    return this.#dial(signal, undefined);
  }

  async #dial(signal: AbortSignal, timeoutMs: number | undefined): Promise<GuardedClient> {
    const withBackstops = this.#backstops !== 'refused';
    try {
      return await this.#dialOnce(signal, timeoutMs, withBackstops);
    } catch (error) {
      if (!withBackstops || !refusesParameter(error as Error)) throw error;
      this.#onRefused();
      return this.#dialOnce(signal, timeoutMs, false);
    }
  }

  #dialOnce(signal: AbortSignal, timeoutMs: number | undefined, backstops: boolean): Promise<GuardedClient> {
    return dial({
      Client: this.#options.Client,
      config: () => clientConfig(this.#options, { backstops }),
      timeoutMs,
      signal,
      prepare: (client) => this.#prepare(client),
    });
  }

  async #prepare(client: GuardedClient): Promise<void> {
    if (this.#backstops === 'untried') await this.#askBackstop(client);
    const { onConnect, verify } = this.#options;
    await onConnect?.(client);
    if (verify !== undefined) {
      await new Promise<void>((resolve, reject) => {
        verify(client, (error) => (error == null ? resolve() : reject(error)));
      });
    }
  }

  async #askBackstop(client: GuardedClient): Promise<void> {
    const expected = this.#options.backstops.statement_timeout;
    if (expected === undefined) return;
    const { rows } = await client.query<{ setting: string }>(
      "select setting from pg_catalog.pg_settings where name = 'statement_timeout'",
    );
    this.#give(rows[0]?.setting === String(expected) ? 'taken' : 'refused');
  }

  /** Several connections may have been on their way with the same parameters. */
  #onRefused(): void {
    if (this.#backstops === 'refused') return;
    this.#give('refused');
    this.#options.logger.warn(
      { pool: this.#options.name },
      'The server refuses statement_timeout as a startup parameter (a pooler?); going on without server-side time-outs',
    );
  }

  #give(verdict: 'taken' | 'refused'): void {
    this.#backstops = verdict;
    this.#onBackstop(verdict === 'taken' ? (this.#options.backstops.statement_timeout ?? 0) : 0);
  }
}

// PgBouncer: FATAL 08P01 "unsupported startup parameter: statement_timeout".
function refusesParameter(error: Error): boolean {
  return sqlstate(error) === '08P01' && error.message.includes('startup parameter');
}
