import type { PoolEntry } from './pool-entry.js';

export interface ReclaimOptions {
  resetOnRelease: boolean;
  maxUses: number;
}

export const DISCARD = 'DISCARD ALL';

/** What a connection that has come back quiet needs before it may be lent again. */
export type Step = { kind: 'keep' | 'retire' } | { kind: 'destroy'; reason: string } | { kind: 'run'; text: string };

const keep: Step = { kind: 'keep' };
const retire: Step = { kind: 'retire' };
const destroy: Step = { kind: 'destroy', reason: 'A transaction was left open on a released client' };
const unfinished: Step = {
  kind: 'destroy',
  reason: 'A statement on a released client had been refused because its deadline had passed or its caller had left',
};
const discard: Step = { kind: 'run', text: DISCARD };

/** Asked again after each `run`, until the connection is kept or gone. */
export function nextStep(entry: PoolEntry, now: number, options: ReclaimOptions): Step {
  if (entry.client.getTransactionStatus() !== 'I') return destroy;
  if (entry.unfinished) return unfinished;
  if (entry.expiresAt <= now || entry.uses >= options.maxUses) return retire;
  if (options.resetOnRelease && !entry.reset) {
    entry.reset = true;
    return discard;
  }
  const text = entry.backstop.lower();
  return text === undefined ? keep : { kind: 'run', text };
}
