import type { UnknownReason } from '../../errors/errors.js';
import type { Evidence, Finding, Identity } from './evidence.js';

/** `wait`: ask again. `replicate`: committed, once the standbys have it. */
export type Verdict = 'committed' | 'rolled-back' | 'wait' | 'replicate' | { readonly unknown: UnknownReason };

/**
 * What a primary's word on a transaction's id proves. In doubt it proves nothing, for ids are given out again: those that
 * never reached the WAL after a crash, and those beyond it after a promotion.
 */
export function verdictOf({ identity: before, xid }: Evidence, finding: Finding): Verdict {
  const { identity: now, status } = finding;
  if (now.timeline === null) return 'wait';
  if (now.systemId !== before.systemId || now.timeline !== before.timeline) return { unknown: 'failover' };
  if (status === 'in progress') return 'wait';
  if (isUnbroken(before, now)) return ofUnbroken(finding);
  return ofCrashed(BigInt(xid ?? 0), finding);
}

/** The server has not crashed in between. Whoever may can reset statistics; but a recovery makes a checkpoint as well. */
export function isUnbroken(before: Identity, now: Identity): boolean {
  return now.statsReset === before.statsReset || now.checkpoint === before.checkpoint;
}

function ofUnbroken({ status, isSynchronous }: Finding): Verdict {
  if (status === 'committed') return isSynchronous === 'yes' ? 'replicate' : 'committed';
  if (status === 'aborted') return 'rolled-back';
  return { unknown: status === null ? 'too-old' : 'crash' };
}

/**
 * What was committed survives a crash and never reads as anything else. So "aborted", and an id that recovery did not
 * find, are proof; "committed" is none: after two crashes the id may be another transaction's, and the checkpoint
 * that would tell is hidden behind that of the second.
 */
function ofCrashed(xid: bigint, { status, checkpointEndsRecovery, nextXid }: Finding): Verdict {
  const wasLost = checkpointEndsRecovery === 'yes' && xid >= BigInt(nextXid);
  if (wasLost || status === 'aborted' || status === 'future') return 'rolled-back';
  return { unknown: status === null ? 'too-old' : 'crash' };
}
