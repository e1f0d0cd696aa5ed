import type { RequestHandler } from 'express';
import type { CircuitReason, CircuitState, ResilientPool } from '../../../lib/index.js';
import { latenciesOf, type Latencies } from '../latencies.js';

/** Of an answer to a request that came while the circuit was not closed: the state of then. */
export const circuitHeader = 'x-circuit';

export interface Change {
  /** In milliseconds of the epoch: the origin of `performance.now()` is another one in each process. */
  readonly at: number;
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly reason: CircuitReason;
}

/** What can be seen of the circuit from within. */
export interface CircuitSeen {
  readonly changes: readonly Change[];
  /** How often a user was given a connection while it was not closed. */
  readonly asked: number;
  /** Of calls that began while it was not closed: from the call to its refusal. */
  readonly refused?: Latencies;
}

/** Looks at the circuit of a pool, in the process of the application. */
export class CircuitWatch {
  readonly #pool: ResilientPool;
  #changes: Change[] = [];
  #asked = 0;
  #refusedMs: number[] = [];

  constructor(pool: ResilientPool) {
    this.#pool = pool;
    pool.circuit.on('stateChange', ({ from, to, reason }) => {
      this.#changes.push({ at: performance.timeOrigin + performance.now(), from, to, reason });
    });
    pool.on('acquire', () => {
      if (!this.#isClosed) this.#asked += 1;
    });
  }

  /** Says on each answer whether the circuit was closed when the request came. */
  readonly mark: RequestHandler = (_req, res, next) => {
    if (!this.#isClosed) res.setHeader(circuitHeader, this.#pool.circuit.state);
    next();
  };

  /** Runs what a route does with its database. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#isClosed ? work() : this.#time(work);
  }

  /** What was seen since this was called last. */
  take(): CircuitSeen {
    const refused = latenciesOf(this.#refusedMs);
    const seen = { changes: this.#changes, asked: this.#asked, ...(refused === undefined ? {} : { refused }) };
    this.#changes = [];
    this.#asked = 0;
    this.#refusedMs = [];
    return seen;
  }

  get #isClosed(): boolean {
    return this.#pool.circuit.state === 'closed';
  }

  async #time<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: unknown }).code === 'DB_CIRCUIT_OPEN') this.#refusedMs.push(performance.now() - began);
      throw error;
    }
  }
}
