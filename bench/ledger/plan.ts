import { faultNames, standbyFaults, type FaultName } from './names.js';
import { Random } from './random.js';

export interface PlannedFault {
  readonly fault: FaultName;
  /** From the beginning of the transfers; later where the fault before it is not over yet. */
  readonly atMs: number;
  /** Decides how it is carried out. */
  readonly seed: number;
}

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  readonly standby: boolean;
  readonly faults: readonly PlannedFault[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Default: all that go together; a third of the seeds do without a standby. */
  readonly faults?: readonly FaultName[] | undefined;
}

const calmMs = 300;
/** When in the run a promotion comes. */
const nearTheEnd = 0.88;

/** What a seed does to the database, and when: about one fault a second, each at least once. */
export function plan({ seed, seconds, faults }: PlanOptions): Plan {
  const random = new Random(seed);
  const standby = faults === undefined ? random.chance(2 / 3) : faults.some((fault) => standbyFaults.includes(fault));
  const chosen = faults ?? faultNames.filter((fault) => standby || !standbyFaults.includes(fault));
  const promoted = chosen.includes('promote');
  const repeated = chosen.filter((fault) => fault !== 'promote');
  const planned: PlannedFault[] = [];
  const count = repeated.length === 0 ? 0 : Math.max(repeated.length, Math.round(seconds));
  const slotMs = (seconds * 1000 * (promoted ? nearTheEnd : 1) - calmMs) / count;
  while (planned.length < count) {
    for (const fault of random.shuffled(repeated).slice(0, count - planned.length)) {
      const atMs = calmMs + slotMs * (planned.length + random.between(0, 0.6));
      planned.push({ fault, atMs, seed: seedFrom(random) });
    }
  }
  if (promoted) planned.push({ fault: 'promote', atMs: seconds * 1000 * nearTheEnd, seed: seedFrom(random) });
  return { seed, seconds, standby, faults: planned };
}

function seedFrom(random: Random): number {
  return random.whole(0, 2 ** 32 - 1);
}
