import { openings } from './openings.js';

/**
 * Whether a text ends a transaction so that it stays: COMMIT, END, or PREPARE TRANSACTION, anywhere in it. Such a text
 * is never cancelled: a COMMIT that waits for a synchronous standby would be visible here and missing there.
 */
export function commits(text: string): boolean {
  return openings(text).some((opening) => /^(?:commit|end)\b|^prepare transaction$/.test(opening));
}

/**
 * Whether a text that failed may have left something behind although the server said ERROR: it commits in its midst, as
 * a procedure and a DO block may, or it is one of those that work in several transactions (CREATE INDEX CONCURRENTLY).
 */
export function mayCommitPartly(text: string): boolean {
  if (/\bconcurrently\b/i.test(text)) return true;
  return openings(text).some((opening) => /^(?:call|do|commit|end)\b|^prepare transaction$/.test(opening));
}

/** Whether a text begins or ends a transaction; savepoints do not count. */
export function controlsTransaction(text: string): boolean {
  // Nearly no statement has one of the words, and looking for them is much cheaper than to read it.
  if (!/\b(?:begin|start|commit|end|rollback|abort|prepare)\b/i.test(text)) return false;
  return openings(text).some((opening) =>
    /^(?:begin|commit|end|abort)\b|^(?:start|prepare) transaction$|^rollback(?! to)/.test(opening),
  );
}
