import { classify } from '../errors/classify.js';

export const queryOutcomes = ['ok', 'error', 'timeout', 'cancelled'] as const;

/** How a statement ended. `cancelled`: its caller gave up, or the server was told to end it. */
export type QueryOutcome = (typeof queryOutcomes)[number];

export function outcomeOf(error: Error | undefined): QueryOutcome {
  if (error === undefined) return 'ok';
  if (codeOf(error) === 'DB_CANCELLED') return 'cancelled';
  const { kind } = classify(error, 'statement');
  return kind === 'timeout' || kind === 'cancelled' ? kind : 'error';
}

/** SQLSTATE or our own code; undefined where it is neither, for it would be anybody's text. */
export function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(?:[0-9A-Z]{5}|DB_[A-Z_]{1,40})$/.test(code) ? code : undefined;
}
