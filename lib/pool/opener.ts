import type { DeadlineList } from '../core/deadline-list.js';
import { ConnectionLostError } from '../errors/errors.js';
import type { Circuit } from '../policy/circuit/circuit.js';
import { isFull, signOf } from '../policy/circuit/sign.js';
import type { HookList } from '../monitor/hook-list.js';
import { Dials } from './dials.js';
import type { GuardedClient } from './guarded-client.js';

export interface OpenerOptions {
  readonly deadlines: DeadlineList;
  readonly max: number;
  readonly circuit: Circuit;
  readonly hooks: HookList;
  readonly dial: (signal: AbortSignal) => Promise<GuardedClient>;
  /** Whether there are connections that the server serves. */
  readonly hasConnections: () => boolean;
  /** An attempt is not counted on any more. */
  readonly onLate: () => void;
}

export interface Opened {
  readonly client: GuardedClient;
  /** The circuit's, of the attempt. */
  readonly token: number;
}

export interface Failed {
  readonly error: Error;
  /** When the attempt began. */
  readonly since: number;
  readonly givenUp: boolean;
}

/** Opens connections, remembers why the last one could not be opened, and tells the circuit what that says. */
export class Opener {
  /** Undefined since one was opened. */
  lastError: Error | undefined;
  readonly #options: OpenerOptions;
  readonly #dials: Dials;
  #lastErrorAt = 0;

  constructor(options: OpenerOptions) {
    this.#options = options;
    const onLate = () => {
      const late = 'The server has not accepted a connection in time';
      options.circuit.suspect(new ConnectionLostError(late, { outcome: 'not-executed' }));
      options.onLate();
    };
    this.#dials = new Dials(options.deadlines, options.max, onLate);
  }

  /** Attempts under way. */
  get size(): number {
    return this.#dials.size;
  }

  /** Those that are not late. */
  get young(): number {
    return this.#dials.young;
  }

  /** Why an attempt has failed since then. */
  causeSince(moment: number): Error | undefined {
    return this.#lastErrorAt >= moment ? this.lastError : undefined;
  }

  /** Never rejects. */
  async open(): Promise<Opened | Failed> {
    const { circuit, deadlines, dial, hooks } = this.#options;
    const attempt = this.#dials.begin();
    const token = circuit.begin();
    try {
      const client = await dial(attempt.controller.signal);
      this.#dials.end(attempt, true);
      this.lastError = undefined;
      hooks.onCreated(deadlines.now() - attempt.since);
      return { client, token };
    } catch (thrown) {
      const error = thrown as Error;
      const { since, givenUp } = attempt;
      this.#dials.end(attempt, false);
      this.lastError = error;
      this.#lastErrorAt = deadlines.now();
      if (!givenUp) circuit.settle(token, error, this.isFullHouse(error) ? 'answered' : signOf(error, 'connect'));
      return { error, since, givenUp };
    }
  }

  /** The server has no room for one more connection, and serves those that there are. */
  isFullHouse(error: unknown): boolean {
    return this.#options.hasConnections() && isFull(error);
  }

  close(): void {
    this.#dials.close();
  }
}
