import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { CircuitChange, CircuitState, ResilientPool } from '../../../lib/index.js';
import { eventually, settled } from '../../support/settle.js';

export interface Ended {
  readonly begunAt: number;
  readonly endedAt: number;
  readonly error: (Error & { code?: string }) | undefined;
}

/** Asks at a steady rate, whatever becomes of it. */
export class Load {
  readonly ended: Ended[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(work: () => PromiseLike<unknown>, perSecond = 50) {
    this.#timer = setInterval(() => this.#begin(work), 1000 / perSecond);
  }

  get succeeded(): number {
    return this.ended.filter(({ error }) => error === undefined).length;
  }

  get firstFailure(): Ended | undefined {
    return this.ended.find(({ error }) => error !== undefined);
  }

  /** Fails where one of them hangs. */
  async stop(withinMs = 10_000): Promise<void> {
    clearInterval(this.#timer);
    await settled(Promise.all(this.#underWay), withinMs);
  }

  #begin(work: () => PromiseLike<unknown>): void {
    const begunAt = performance.now();
    const end = (error?: Error) => {
      this.ended.push({ begunAt, endedAt: performance.now(), error });
      this.#underWay.delete(asked);
    };
    const asked = Promise.resolve(work()).then(
      () => end(),
      (error: unknown) => end(error as Error),
    );
    this.#underWay.add(asked);
  }
}

export interface Change extends CircuitChange {
  readonly at: number;
  readonly leastOpenMs: number;
}

/** Every change of the pool's circuit from now on. */
export function changesOf({ circuit }: ResilientPool): Change[] {
  const changes: Change[] = [];
  circuit.on('stateChange', (change) => {
    changes.push({ ...change, at: performance.now(), leastOpenMs: circuit.describe().leastOpenMs });
  });
  return changes;
}

export async function becomes({ circuit }: ResilientPool, state: CircuitState, withinMs: number): Promise<void> {
  await eventually(() => circuit.state === state, withinMs, `the circuit is ${state}`);
}

/** Nothing speaks against the database any more, and nothing ever opened the circuit. */
export async function expectNeverOpened({ circuit }: ResilientPool): Promise<void> {
  await eventually(() => !circuit.describe().isSuspected, 4000, 'the suspicion is over');
  await sleep(50);
  expect(circuit.describe()).to.include({ state: 'closed', opened: 0, rejections: 0, isSuspected: false });
}
