import type { Mode } from './names.js';
import type { Series } from './rounds.js';
import type { Slice } from './slice.js';
import { spread } from './statistics.js';
import type { Spread } from './statistics.js';

/** What `verifyCommit` adds to a transaction, round by round: `verified` against `ours`. */
export interface VerifyCost {
  readonly mode: Mode;
  readonly callers: number;
  /** Of the time that a caller waits. */
  readonly micros: Spread;
  readonly cpuMicros: Spread;
  readonly throughput: Spread;
}

export function verifyCosts(all: readonly Series[]): VerifyCost[] {
  return all
    .filter(({ candidate }) => candidate === 'verified')
    .map(({ mode, callers, slices }) => {
      const without = all.find(
        (each) => each.candidate === 'ours' && each.mode === mode && each.callers === callers,
      )?.slices;
      const against = (figure: (verified: Slice, ours: Slice) => number): Spread =>
        spread(
          slices.map((slice, round) => {
            const ours = without?.[round];
            if (ours === undefined) throw new Error('There is no transaction without verifyCommit to compare with');
            return figure(slice, ours);
          }),
        );
      const waited = ({ ms, done }: Slice): number => (callers * ms * 1000) / done;
      return {
        mode,
        callers,
        micros: against((verified, ours) => waited(verified) - waited(ours)),
        cpuMicros: against((verified, ours) => verified.cpuMicros / verified.done - ours.cpuMicros / ours.done),
        throughput: against((verified, ours) => verified.done / verified.ms / (ours.done / ours.ms)),
      };
    });
}
