import type { Request, SliceRequest } from './child.js';
import type { Cost } from './cost.js';
import type { CandidateName, Mode } from './names.js';
import type { Slice } from './slice.js';
import { Worker } from './worker.js';

/** A candidate in a process of its own. */
export class Contestant {
  readonly candidate: CandidateName;
  readonly mode: Mode;
  readonly #worker: Worker<Request>;

  constructor(candidate: CandidateName, mode: Mode, signal: AbortSignal) {
    this.candidate = candidate;
    this.mode = mode;
    this.#worker = new Worker(`${candidate}, ${mode} a scope`, new URL('./child.js', import.meta.url), signal);
  }

  open(connectionString: string): Promise<void> {
    return this.#worker.ask({ open: { candidate: this.candidate, mode: this.mode, connectionString } });
  }

  slice(slice: SliceRequest): Promise<Slice> {
    return this.#worker.ask({ slice });
  }

  scopeCost(): Promise<Cost> {
    return this.#worker.ask({ scope: true });
  }

  end(): void {
    this.#worker.end();
  }
}
