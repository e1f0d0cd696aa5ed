import { Tokenizer } from './tokenizer.js';

const reading = new Set(['select', 'values', 'table', 'show', 'with']);
const writing = new Set(['insert', 'update', 'delete', 'merge', 'into']);
const afterFor = new Set(['update', 'no', 'share', 'key']);
const longest = 'select'.length;

/**
 * Whether a text only reads, judged by its words alone: every statement in it is SELECT, VALUES, TABLE or SHOW, or WITH
 * before one of them, without INTO, a row lock (FOR UPDATE and its kin) or a statement that changes data.
 *
 * In doubt the answer is false: a column named `update` that is neither quoted nor qualified makes a text a write. So does
 * EXPLAIN, since EXPLAIN ANALYZE executes what it explains. A function called by SELECT may write all the same; nothing
 * may be *repeated* on the strength of this answer.
 */
export function isRead(text: string): boolean {
  const token = new Tokenizer(text);
  let atStart = true;
  let found = false;
  let previous = '';
  while (token.next()) {
    const { kind, start, end } = token;
    if (!token.terminated) return false;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    const value =
      kind === 'punctuation' || (kind === 'word' && end - start <= longest) ? text.slice(start, end).toLowerCase() : '';
    if (value === ';') {
      atStart = true;
    } else if (atStart) {
      if (value === '(') continue;
      if (!reading.has(value)) return false;
      atStart = false;
      found = true;
    } else if ((writing.has(value) && previous !== '.') || (previous === 'for' && afterFor.has(value))) {
      return false;
    }
    previous = value;
  }
  return found;
}
