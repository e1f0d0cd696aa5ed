import { Tokenizer } from './tokenizer.js';

/**
 * The first two words of each statement in a text, in lower case and without comments: `begin`, `insert into`. The body of
 * a routine in standard SQL (BEGIN ATOMIC … END) is a part of its CREATE.
 */
export function openings(text: string): string[] {
  const token = new Tokenizer(text);
  const found: string[] = [];
  let words = 0;
  let opening = '';
  let body: Body | undefined;
  const end = (): void => {
    if (opening !== '') found.push(opening);
    words = 0;
    opening = '';
    body = undefined;
  };
  while (token.next()) {
    const { kind, start } = token;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    const isWord = kind === 'word';
    if (kind === 'punctuation' && text[start] === ';' && body?.isOpen !== true) {
      end();
    } else if (words < 2) {
      words = isWord ? words + 1 : 2;
      if (isWord) opening += (opening === '' ? '' : ' ') + text.slice(start, token.end).toLowerCase();
      if (opening === 'create function' || opening === 'create procedure' || opening === 'create or') body = new Body();
    } else if (isWord) {
      body?.take(text.slice(start, token.end).toLowerCase());
    }
  }
  end();
  return found;
}

/** Whether a `;` stands within the body of a routine: as psql tells it (psqlscan.l), by the depth of CASE and END. */
class Body {
  #depth = 0;
  #last = '';

  get isOpen(): boolean {
    return this.#depth > 0;
  }

  take(word: string): void {
    if (this.isOpen) this.#depth += word === 'case' ? 1 : word === 'end' ? -1 : 0;
    else if (word === 'atomic' && this.#last === 'begin') this.#depth = 1;
    this.#last = word;
  }
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
