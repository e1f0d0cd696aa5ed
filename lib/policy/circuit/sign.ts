import { classify, isDatabaseError } from '../../errors/classify.js';
import type { Phase } from '../../errors/classify.js';
import { conditions } from '../../errors/conditions.js';
import { DbResilienceError } from '../../errors/errors.js';

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
  if (phase === 'connect' && isOfApplication(error)) return 'nothing';
  const { kind, countsAgainstCircuit } = classify(error, phase);
  if (!countsAgainstCircuit) return isDatabaseError(error) ? 'answered' : 'nothing';
  return kind === 'timeout' ? 'late' : 'failed';
}

/** No connection could be opened, and why is known neither to pg nor to Node: the function that tells the password threw. */
function isOfApplication(error: unknown): boolean {
  if (!DbResilienceError.is(error)) return false;
  const { code, cause } = error;
  return code === 'DB_CONNECTION_LOST' && cause !== undefined && classify(cause, 'connect').kind === 'other';
}

/** The server has no room for one more connection. */
export function isFull(error: unknown): boolean {
  return classify(error, 'connect').kind === 'too-many-connections';
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
