import { ConnectionLostError } from '../../../../lib/errors/errors.js';
import { Circuit } from '../../../../lib/policy/circuit/circuit.js';
import type { CircuitChange } from '../../../../lib/policy/circuit/change.js';
import type { CircuitParts } from '../../../../lib/policy/circuit/parts.js';
import { circuitDefaults } from '../../../../lib/policy/circuit/settings.js';
import type { CircuitSettings } from '../../../../lib/policy/circuit/settings.js';
import { FakeClock } from '../../../../lib/testing/index.js';

export function refused(message = 'connect ECONNREFUSED 127.0.0.1:5432'): Error {
  return Object.assign(new Error(message), { code: 'ECONNREFUSED', syscall: 'connect' });
}

export function lost(): Error {
  return new ConnectionLostError('lost', { outcome: 'unknown' });
}

export function databaseError(code: string, message = 'from the server'): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR' });
}

export const hung = () => new Promise<never>(() => undefined);

/** What the circuit of a rig asks. It answers until it is told otherwise. */
export interface Database {
  signals: AbortSignal[];
  askedAt: number[];
  answer: (signal: AbortSignal) => Promise<unknown>;
}

export interface Rig {
  circuit: Circuit;
  clock: FakeClock;
  database: Database;
  changes: CircuitChange[];
  /** The changes, each in a few words. */
  story: () => string[];
  thrown: unknown[];
  probingEnded: () => number;
}

export function rigWithProbe(settings: Partial<CircuitSettings> = {}, parts: Partial<CircuitParts> = {}): Rig {
  const clock = (parts.clock ?? new FakeClock(1000)) as FakeClock;
  const database: Database = { signals: [], askedAt: [], answer: async () => 'alive' };
  return rig(settings, clock, database, {
    probe: (signal) => {
      database.signals.push(signal);
      database.askedAt.push(clock.now());
      return database.answer(signal);
    },
    ...parts,
  });
}

/** Without a probe: callers try. */
export function rigWithTrials(settings: Partial<CircuitSettings> = {}, parts: Partial<CircuitParts> = {}): Rig {
  const clock = (parts.clock ?? new FakeClock(1000)) as FakeClock;
  return rig(settings, clock, { signals: [], askedAt: [], answer: hung }, parts);
}

function rig(
  settings: Partial<CircuitSettings>,
  clock: FakeClock,
  database: Database,
  parts: Partial<CircuitParts>,
): Rig {
  const changes: CircuitChange[] = [];
  const thrown: unknown[] = [];
  let ended = 0;
  const circuit = new Circuit({
    name: 'shop',
    settings: { ...circuitDefaults, ...settings },
    clock,
    random: () => 0.5,
    onThrown: (error) => thrown.push(error),
    onProbingOver: () => (ended += 1),
    ...parts,
  });
  circuit.on('stateChange', (change) => changes.push(change));
  const story = () => changes.map(({ from, to, reason }) => `${from} → ${to}: ${reason}`);
  return { circuit, clock, database, changes, story, thrown, probingEnded: () => ended };
}

export function fail(circuit: Circuit, times = 1): void {
  for (let i = 0; i < times; i++) circuit.fail(circuit.begin(), refused());
}

export function succeed(circuit: Circuit, times = 1): void {
  for (let i = 0; i < times; i++) circuit.succeed(circuit.begin());
}

/** A first failure, and five more of work that began after it. */
export function trip(circuit: Circuit): void {
  fail(circuit, 6);
}

export async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
}
