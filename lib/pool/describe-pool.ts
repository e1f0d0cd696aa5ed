import type { PoolCounts } from '../errors/errors.js';
import type { CircuitDescription } from '../policy/circuit/description.js';
import type { Bag } from './bag.js';
import type { WouldBeCounts } from './mode.js';
import type { ResolvedPoolOptions } from './options/index.js';

type Told =
  | 'name'
  | 'mode'
  | 'max'
  | 'min'
  | 'acquireTimeoutMs'
  | 'queryTimeoutMs'
  | 'cancelOnDisconnect'
  | 'retry'
  | 'verifyCommit';

/** What `describe()` tells of a pool. */
export interface PoolDescription extends Pick<ResolvedPoolOptions, Told> {
  readonly connections: PoolCounts;
  readonly circuit: CircuitDescription;
  /** What would have been done, in `mode: 'observe'`. */
  readonly wouldBe: WouldBeCounts;
}

export function describePool(resolved: ResolvedPoolOptions, bag: Bag): PoolDescription {
  const { name, mode, max, min, acquireTimeoutMs, queryTimeoutMs, cancelOnDisconnect, retry, verifyCommit } = resolved;
  return {
    name,
    mode,
    max,
    min,
    connections: bag.counts(),
    acquireTimeoutMs,
    queryTimeoutMs,
    cancelOnDisconnect,
    retry,
    verifyCommit,
    circuit: bag.circuit.describe(),
    wouldBe: bag.mode.counts(),
  };
}
