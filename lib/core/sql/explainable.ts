import { Tokenizer } from './tokenizer.js';

/** A text behind which nothing else is run where EXPLAIN is put before it. */
export interface Explainable {
  /** It has `$1` and the like. */
  readonly hasParameters: boolean;
}

const explained = new Set(['select', 'values', 'with', 'insert', 'update', 'delete', 'merge']);

/**
 * Whether `EXPLAIN (FORMAT JSON) ` may be put before a text; undefined where not. It may where the text is one statement
 * to its very end, and begins with one of the words above: not with `analyze`, not with EXECUTE or CALL, not with a
 * parenthesis, which could hold options of EXPLAIN.
 */
export function explainable(text: string): Explainable | undefined {
  // The protocol ends a text there, and what was read here would not be what the server reads.
  if (text.includes('\0')) return undefined;
  const token = new Tokenizer(text);
  let hasBegun = false;
  let hasEnded = false;
  let hasParameters = false;
  while (token.next()) {
    const { kind, start, end } = token;
    if (!token.terminated) return undefined;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    const isEnd = kind === 'punctuation' && text[start] === ';';
    if (hasEnded && !isEnd) return undefined;
    if (!hasBegun) {
      if (kind !== 'word' || !explained.has(text.slice(start, end).toLowerCase())) return undefined;
      hasBegun = true;
    }
    hasEnded = isEnd;
    hasParameters ||= kind === 'parameter';
  }
  return hasBegun ? { hasParameters } : undefined;
}
