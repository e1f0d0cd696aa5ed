import { Tokenizer } from './tokenizer.js';

/** The first two words of each statement in a text, in lower case and without comments: `begin`, `insert into`. */
export function openings(text: string): string[] {
  const token = new Tokenizer(text);
  const found: string[] = [];
  let words = 0;
  let opening = '';
  while (token.next()) {
    const { kind, start, end } = token;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    if (kind === 'punctuation' && text[start] === ';') {
      if (opening !== '') found.push(opening);
      words = 0;
      opening = '';
    } else if (words < 2) {
      words = kind === 'word' ? words + 1 : 2;
      if (kind === 'word') opening += (opening === '' ? '' : ' ') + text.slice(start, end).toLowerCase();
    }
  }
  if (opening !== '') found.push(opening);
  return found;
}

/** The first word of a text, in lower case; empty where it begins with something else. */
export function firstWord(text: string): string {
  const token = new Tokenizer(text);
  while (token.next()) {
    const { kind, start, end } = token;
    if (kind === 'word') return text.slice(start, end).toLowerCase();
    const skipped = kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment';
    if (!skipped && text[start] !== ';') return '';
  }
  return '';
}
