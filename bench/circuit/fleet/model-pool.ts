import { ConnectionLostError } from '../../../lib/errors/errors.js';
import type { Circuit } from '../../../lib/policy/circuit/circuit.js';
import type { Server } from './server.js';

/** From then on an attempt to connect speaks against the server, and another one may take its place. */
const lateMs = 1000;
export const lost = new ConnectionLostError('There is no server', { outcome: 'not-executed' });

/**
 * A pool in as few words as it takes: connections opened on demand, up to a number and to a limit of those in use, and
 * used again; callers who wait for one.
 */
export class ModelPool {
  failed = 0;
  answered = 0;
  longestWaitMs = 0;
  #limit = Infinity;
  #isCatchingUp = false;
  #idle: number;
  #busy = 0;
  #dialling = 0;
  #late = 0;
  #lastDialMs = 0;
  readonly #waiting: number[] = [];

  constructor(
    private readonly server: Server,
    private readonly circuit: Circuit,
    private readonly max: number,
    idle: number,
  ) {
    this.#idle = idle;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  loseAll(): void {
    this.#idle = 0;
  }

  setLimit(limit: number): void {
    this.#limit = limit;
    if (limit !== Infinity) this.#isCatchingUp = true;
    this.#supply();
  }

  refuseAll(): void {
    this.failed += this.#waiting.splice(0).length;
  }

  call(): void {
    if (this.#waiting.length === 0 && this.#idle > 0 && this.#busy < this.#limit) {
      this.#idle -= 1;
      this.#run();
    } else {
      this.#waiting.push(this.server.calendar.now);
      this.#supply();
    }
  }

  #supply(): void {
    while (this.#waiting.length > this.#dialling && this.#busy + this.#dialling < this.#limit) {
      if (this.#idle > 0) {
        this.#idle -= 1;
        this.#offer();
      } else if (this.#busy + this.#dialling < this.max && this.#mayDial) this.#dial();
      else return;
    }
  }

  get #mayDial(): boolean {
    return !this.#isCatchingUp || this.#dialling < 1 + this.#idle + this.#busy;
  }

  #dial(): void {
    const { calendar } = this.server;
    const began = calendar.now;
    const token = this.circuit.begin();
    let state: 'young' | 'late' | 'over' = 'young';
    this.#dialling += 1;
    calendar.after(Math.min(Math.max(lateMs, 2 * this.#lastDialMs), 5 * lateMs), () => {
      // As many as `max` are given the time that they need; beyond that the connection comes too late for anybody.
      if (state !== 'young') return;
      this.#dialling -= 1;
      state = this.#late < this.max ? 'late' : 'over';
      if (state === 'late') this.#late += 1;
      this.circuit.suspect(lost);
      this.#supply();
    });
    this.server.connect((accepted) => {
      if (state === 'over') return;
      if (state === 'young') this.#dialling -= 1;
      else this.#late -= 1;
      state = 'over';
      if (accepted) {
        this.#lastDialMs = calendar.now - began;
        if (this.#idle + this.#busy < this.max) this.#offer();
        this.#supply();
        return;
      }
      this.circuit.settle(token, lost, 'failed');
      if (this.#waiting.shift() !== undefined) this.failed += 1;
      this.#supply();
    });
  }

  #offer(): void {
    const since = this.#waiting.shift();
    if (since === undefined) {
      if (this.#limit === Infinity) this.#isCatchingUp = false;
      this.#idle += 1;
    } else {
      this.longestWaitMs = Math.max(this.longestWaitMs, this.server.calendar.now - since);
      this.#run();
    }
  }

  #run(): void {
    const { calendar, model } = this.server;
    const token = this.circuit.begin();
    this.#busy += 1;
    calendar.after(model.statementMs, () => {
      this.#busy -= 1;
      this.answered += 1;
      this.circuit.succeed(token);
      this.#offer();
    });
  }
}
