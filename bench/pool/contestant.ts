import type { Request, SliceRequest } from './child.js';
import type { Cost } from './cost.js';
import type { CandidateName, Mode } from './names.js';
import type { Slice } from './slice.js';
import { Worker } from './worker.js';

/** A candidate in a process, mostly of its own. */
export class Contestant {
  readonly candidate: CandidateName;
  readonly mode: Mode;
  readonly #worker: Worker<Request>;

  constructor(candidate: CandidateName, mode: Mode, process: Worker<Request>) {
    this.candidate = candidate;
    this.mode = mode;
    this.#worker = process;
  }

  open(connectionString: string): Promise<void> {
    return this.#worker.ask({ open: { candidate: this.candidate, mode: this.mode, connectionString } });
  }

  slice(slice: Omit<SliceRequest, 'candidate'>): Promise<Slice> {
    return this.#worker.ask({ slice: { ...slice, candidate: this.candidate } });
  }

  scopeCost(): Promise<Cost> {
    return this.#worker.ask({ scope: this.candidate });
  }

  end(): void {
    this.#worker.end();
  }
}

/** Works when a contestant in it is asked to. */
export function contestantProcess(name: string, signal: AbortSignal): Worker<Request> {
  return new Worker(name, new URL('./child.js', import.meta.url), signal);
}
