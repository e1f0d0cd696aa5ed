import type { Clock } from '../../../lib/core/clock.js';
import { Circuit } from '../../../lib/policy/circuit/circuit.js';
import { Ramp } from '../../../lib/policy/circuit/ramp.js';
import { poolSize } from '../names.js';
import { lost, ModelPool } from './model-pool.js';
import type { Server } from './server.js';

/** Why a probe was made: to look into a suspicion, in its time, or to confirm that the server is back. */
export type ProbeKind = 'suspicion' | 'scheduled' | 'confirm';

export interface InstanceOptions {
  readonly clock: Clock;
  readonly server: Server;
  readonly random: () => number;
  readonly rampMs: number;
  readonly onProbe: (kind: ProbeKind) => void;
}

const idleAtFirst = 2;
const kindOf = { closed: 'suspicion', open: 'scheduled', 'half-open': 'confirm', isolated: 'scheduled' } as const;

/** One process of the fleet: the real policies over a model of a pool. They are wired as in lib/pool/pool-circuit.ts. */
export class Instance {
  readonly circuit: Circuit;
  readonly pool: ModelPool;
  closedAt = 0;
  refused = 0;
  readonly #server: Server;
  #hasLine = false;

  constructor({ clock, server, random, rampMs, onProbe }: InstanceOptions) {
    this.#server = server;
    this.circuit = new Circuit({
      name: 'fleet',
      clock,
      random,
      probe: (signal) => {
        onProbe(kindOf[this.circuit.state]);
        return this.#ask(signal);
      },
      onProbingOver: () => (this.#hasLine = false),
    });
    const pool = new ModelPool(server, this.circuit, poolSize, idleAtFirst);
    const ramp = new Ramp(rampMs, (limit) => pool.setLimit(limit), clock);
    this.circuit.on('open', () => {
      ramp.end();
      pool.refuseAll();
    });
    this.circuit.on('close', () => {
      this.closedAt = clock.now();
      ramp.begin(poolSize);
    });
    this.pool = pool;
  }

  call(): void {
    if (this.circuit.refuses) this.refused += 1;
    else this.pool.call();
  }

  #ask(signal: AbortSignal): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const answer = () => server.calendar.after(server.model.roundTripMs, resolve);
      if (this.#hasLine) {
        answer();
        return;
      }
      server.connect((accepted) => {
        if (!accepted) reject(lost);
        else if (!signal.aborted) {
          this.#hasLine = true;
          answer();
        }
      });
    });
  }
}
