import { ResilientPool, type CircuitChange } from '../../../lib/index.js';
import { callsPerSecond, deadlineMs, poolSize } from '../names.js';
import { Calls } from './calls.js';
import { Wire } from './wire.js';

export interface Change extends Pick<CircuitChange, 'from' | 'to' | 'openedForMs'> {
  readonly at: number;
  /** For how long the circuit then stays open at least. */
  readonly leastOpenMs: number;
}

/** A pool under load, and what its circuit does. */
export class Subject implements AsyncDisposable {
  readonly pool: ResilientPool;
  readonly wire: Wire;
  readonly calls: Calls;
  readonly changes: Change[] = [];

  constructor(connectionString: string) {
    this.wire = new Wire(() => this.pool.circuit.state !== 'closed');
    this.pool = new ResilientPool({
      connectionString,
      max: poolSize,
      acquireTimeoutMs: deadlineMs,
      queryTimeoutMs: deadlineMs,
      drainTimeoutMs: 100,
      stream: this.wire.stream,
    });
    this.pool.on('error', () => undefined);
    const { circuit } = this.pool;
    circuit.on('stateChange', ({ from, to, openedForMs }) => {
      const { leastOpenMs } = circuit.describe();
      this.changes.push({ at: performance.now(), from, to, openedForMs, leastOpenMs });
    });
    this.calls = new Calls(this.pool, callsPerSecond);
  }

  /** The moment of the first change to that state since `since`. @throws where there is none before `withinMs` are over */
  async changedTo(state: Change['to'], since: number, withinMs: number): Promise<number> {
    for (const until = performance.now() + withinMs; performance.now() < until;) {
      const found = this.changes.find(({ to, at }) => to === state && at >= since);
      if (found !== undefined) return found.at;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`The circuit is ${this.pool.circuit.state}; it has not become ${state} in ${String(withinMs)} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.calls.stop();
    await this.pool.end();
  }
}
