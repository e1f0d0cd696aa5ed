import { Tokenizer } from './tokenizer.js';

/**
 * Whether a text ends a transaction so that it stays: COMMIT, END, or PREPARE TRANSACTION, anywhere in it. Such a text
 * is never cancelled: a COMMIT that waits for a synchronous standby would be visible here and missing there.
 */
export function commits(text: string): boolean {
  const token = new Tokenizer(text);
  let atStart = true;
  let prepare = false;
  while (token.next()) {
    const { kind, start, end } = token;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    const word = kind === 'word' ? text.slice(start, end).toLowerCase() : '';
    if (atStart && (word === 'commit' || word === 'end')) return true;
    if (prepare && word === 'transaction') return true;
    prepare = atStart && word === 'prepare';
    atStart = kind === 'punctuation' && text[start] === ';';
  }
  return false;
}
