import { classify, isDatabaseError } from '../../errors/classify.js';
import type { Phase } from '../../errors/classify.js';
import { conditions } from '../../errors/conditions.js';

/**
 * What an error tells of the database.
 *
 * - `answered`: it is there, and this statement was at fault.
 * - `failed`: it cannot be reached, or is ill.
 * - `late`: a time-out, which may be the statement's own fault; a probe will tell.
 * - `nothing`: the caller gave up, the queue was full, the option was wrong.
 */
export type Sign = 'answered' | 'failed' | 'late' | 'nothing';

export function signOf(error: unknown, phase: Phase = 'statement'): Sign {
  const { kind, countsAgainstCircuit } = classify(error, phase);
  if (!countsAgainstCircuit) return isDatabaseError(error) ? 'answered' : 'nothing';
  return kind === 'timeout' ? 'late' : 'failed';
}

/** What an error says, without a word of its own: its message may carry a caller's values. */
export function lastSeen(error: unknown): string {
  const { kind } = classify(error, 'connect');
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | null)?.cause);
  return conditions[kind] + (code === undefined ? '' : ` (${code})`);
}

/** A SQLSTATE, or what Node calls a failure of a socket. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^(?!DB_)[A-Z0-9_]{5,40}$/.test(code) ? code : undefined;
}
